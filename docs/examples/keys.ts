import { generateKeyPairSync } from 'node:crypto';
import { AuthModule } from 'nest-latchkey';

const [newest, older] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey];

export const auth = AuthModule.forRoot({
  jwt: {
    issuer: 'https://api.example.com',
    // the first signs, all verify: put a new key first, take an old one out when its tokens are dead
    keys: [
      { kid: '2026-11', algorithm: 'EdDSA', key: newest },
      { kid: '2026-05', algorithm: 'EdDSA', key: older },
    ],
    // access tokens of another issuer, by its own keys
    trustedIssuers: [
      { issuer: 'https://id.example.net', discovery: true, audience: 'https://api.example.com', algorithms: ['RS256'] },
    ],
  },
});
