import { AuthModule } from 'nest-latchkey';
import { redisFanOut } from 'nest-latchkey/redis';
import { typeormStores } from 'nest-latchkey/typeorm';

export const auth = AuthModule.forRoot({
  jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
  stores: typeormStores(),
  revocation: { fanOut: redisFanOut(process.env['REDIS_URL']!) },
});
