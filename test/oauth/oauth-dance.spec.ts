import { adapters } from '../e2e/fixture.js';
import { oidc } from 'nest-latchkey/providers';
import { appOrigin, at, dance, DancingApp } from './dance.js';
import { RealProvider } from './real-provider.js';

const redirectUri = (name: string) => `${appOrigin}/login/${name}/authorized`;
const provider = new RealProvider([
  { client_id: 'basic', client_secret: 'a secret: 100% of + & ~', redirect_uris: [redirectUri('corp')] },
]);

beforeAll(() => provider.start());
afterAll(() => provider.stop());

describe.each(adapters)('log-in with a real provider (%s)', (adapter) => {
  let app: DancingApp;

  beforeAll(async () => {
    const { issuer } = provider;
    const corp = oidc('corp', {
      issuer,
      clientId: 'basic',
      clientSecret: 'a secret: 100% of + & ~',
      allowInsecureLoopback: true,
    });
    app = new DancingApp(adapter, { providers: [corp] });
    await app.start();
  });
  afterAll(() => app.stop());

  it('O8 logs in', async () => {
    const browser = app.browser();
    const page = await dance(browser, '/login/corp?return_to=/a?b=c%23d');
    expect(page.body).toEqual({});
    expect(page.status).toBe(302);
    expect(page.headers.location).toBe('/a?b=c#d');
    expect((await browser.visit(at('/me'))).body).toMatchObject({ sub: 'corp:alice' });
  });
});
