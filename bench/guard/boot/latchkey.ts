import 'class-validator';
import { Module } from '@nestjs/common';
import { AuthModule } from 'nest-latchkey';
import { issuer, secret } from '../tokens.js';
import { boot } from './boot.js';

@Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret } })] })
class AuthOnlyModule {}

/** The same application, and AuthModule in it. */
await boot(AuthOnlyModule);
