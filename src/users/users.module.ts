import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Environment } from '../environment.js';
import { AppUser } from './app-user.entity.js';
import { UsersService } from './users.service.js';

/** The application's users, for its own controllers and for what it tells the library of them. */
@Module({ providers: [UsersService], exports: [UsersService] })
// oxlint-disable-next-line typescript/no-extraneous-class -- that is what a Nest module is
export class UsersModule {
  static forEnvironment(environment: Environment): DynamicModule {
    return {
      module: UsersModule,
      imports: [TypeOrmModule.forFeature([AppUser])],
      providers: [{ provide: Environment, useValue: environment }],
    };
  }
}
