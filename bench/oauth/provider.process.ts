/** A provider, and a little API whose answer is the token that it was asked with. They are no part of what is measured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LoopbackProvider } from 'nest-latchkey/testing';

/** How other processes reach it. */
export interface ProviderAddress {
  readonly oidc: object;
  readonly oauth2: object;
  readonly api: string;
}

// it does not start in production, as which a benchmark runs
process.env['NODE_ENV'] = 'development';
const provider = await LoopbackProvider.start({ login: 'alice', accessTokenLifetime: 3_600 });

const api = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const body = JSON.stringify({ authorization: request.headers.authorization });
  const answer = () =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  const delay = Number(searchParams.get('delay') ?? 0);
  if (delay === 0) answer();
  else setTimeout(answer, delay);
});
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));

process.on('disconnect', () => process.exit());
/** How many refreshes there were since it was asked before. */
process.on('message', () => {
  const refreshes = provider.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
  provider.reset();
  process.send!(refreshes);
});
const { oidc, oauth2 } = provider;
const address: ProviderAddress = { oidc, oauth2, api: `http://127.0.0.1:${(api.address() as AddressInfo).port}/` };
process.send!(address);
