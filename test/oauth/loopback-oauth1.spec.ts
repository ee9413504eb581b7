/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
/** The provider of `nest-latchkey/testing` speaks OAuth 1.0a with a client that nobody here wrote: Python's oauthlib. */
import { spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { LoopbackProvider, TestClock, type LoopbackProviderOptions } from 'nest-latchkey/testing';
import { describeWithOAuthlib, python } from './oauth1-provider.js';

const callback = 'http://127.0.0.1:9/answer?of=ours';
const secret = 'the secret: of & the % app';

let provider: LoopbackProvider;
afterEach(() => provider.stop());
const start = async (options: LoopbackProviderOptions = {}) => {
  const clients = [{ clientId: 'app', clientSecret: secret }];
  provider = await LoopbackProvider.start({ login: 'alice', signingAlgorithm: 'ES256', clients, ...options });
};

interface Dance {
  readonly temporary: Record<string, string>;
  readonly answer: Record<string, string>;
  readonly token: Record<string, string>;
  readonly calls: readonly [status: number, body: string][];
}

/** What oauthlib's Client is made with, and what it then asks the API. */
async function dance(client: object, calls: readonly object[] = [{ method: 'GET', path: 'me' }]): Promise<Dance> {
  const given = {
    key: 'app',
    client: { client_secret: secret, ...client },
    callback,
    calls,
    requestToken: provider.urlOf('oauth1.requestToken'),
    authorization: provider.urlOf('oauth1.authorization'),
    accessToken: provider.urlOf('oauth1.accessToken'),
    api: provider.oauth1.apiBaseUrl,
  };
  const dancer = spawn(python!, ['test/oauth/oauth1-dance.py']);
  dancer.stdin.end(JSON.stringify(given));
  let [out, problem] = ['', ''];
  dancer.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  dancer.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
  await new Promise((resolve) => dancer.on('close', resolve));
  if (problem !== '') throw new Error(problem);
  return JSON.parse(out) as Dance;
}

const pairs = {
  own: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  other: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const pem = (name: 'own' | 'other') => pairs[name].privateKey.export({ type: 'pkcs8', format: 'pem' });

describeWithOAuthlib('OAuth 1.0a with oauthlib', () => {
  it.each<[string, object]>([
    ['HMAC-SHA1', {}],
    ['HMAC-SHA256', { signature_method: 'HMAC-SHA256' }],
    ['PLAINTEXT', { signature_method: 'PLAINTEXT' }],
    ['RSA-SHA1', { signature_method: 'RSA-SHA1', rsa_key: pem('own') }],
    ['parameters in the query', { signature_type: 'QUERY' }],
    ['parameters in the form', { signature_type: 'BODY' }],
  ])('O55 dances by %s', async (_what, client) => {
    await start({ clients: [{ clientId: 'app', clientSecret: secret, publicKey: pairs.own.publicKey }] });
    const isForm = 'signature_type' in client && client.signature_type === 'BODY';
    const form = { body: '', type: 'application/x-www-form-urlencoded' };
    const { temporary, answer, token, calls } = await dance(client, [
      { method: isForm ? 'POST' : 'GET', path: 'me', ...(isForm && form) },
    ]);
    expect(temporary['oauth_callback_confirmed']).toBe('true');
    expect(answer).toEqual({ of: 'ours', oauth_token: temporary['oauth_token'], oauth_verifier: expect.any(String) });
    expect(token).toEqual({
      oauth_token: expect.any(String),
      oauth_token_secret: expect.any(String),
      user_id: 'alice',
    });
    const me = { id: 'alice', name: 'Alice', email: 'alice@example.com', email_verified: true };
    expect(calls.map(([status, body]) => [status, JSON.parse(body)])).toEqual([[200, me]]);
  });

  it('O58 is signed whatever stands in query and form, and beside a body that is no form', async () => {
    await start();
    const form = { type: 'application/x-www-form-urlencoded' };
    const { calls } = await dance({}, [
      { method: 'GET', path: 'a/b?b=2&a=3&a=1&c%40=&d=%C3%A9%20%2B*%7E!%27()&e=x%3Dy%26z' },
      { method: 'POST', path: 'form?q=1', body: 'b5=%3D%253D&a3=a&c2=&a3=2+q', ...form },
      { method: 'PUT', path: 'json', body: '{"a":"1&2=3"}', type: 'application/json' },
    ]);
    const answers = calls.map(([status, body]) => [status, (JSON.parse(body) as { query: unknown }).query]);
    expect(answers).toEqual([
      [200, [['b', '2'], ['a', '3'], ['a', '1'], ['c@', ''], ['d', "é +*~!'()"], ['e', 'x=y&z']]], // prettier-ignore
      [200, [['q', '1']]],
      [200, []],
    ]);
  });

  it.each<[string, object]>([
    ['another secret', { client_secret: 'another' }],
    ['another key', { signature_method: 'RSA-SHA1', rsa_key: pem('other') }],
    ['a time that has passed', { timestamp: '1137131200' }],
    ['a time that is none', { timestamp: 'now' }],
    ['a method that is unknown', { signature_method: 'HMAC-SHA512' }],
  ])('O55 refuses %s', async (_what, client) => {
    await start({ clients: [{ clientId: 'app', clientSecret: secret, publicKey: pairs.own.publicKey }] });
    const { temporary, token, calls } = await dance(client);
    expect(temporary).toEqual({ oauth_problem: expect.any(String), oauth_problem_advice: expect.any(String) });
    expect(token).not.toHaveProperty('oauth_token');
    expect(calls.map(([status]) => status)).not.toContain(200);
  });

  it('O57 tells of somebody who refuses', async () => {
    await start({ login: null });
    const { temporary, answer, token } = await dance({});
    expect(answer).toEqual({ of: 'ours', denied: temporary['oauth_token'] });
    expect(token).not.toHaveProperty('oauth_token');
  });

  it('O57 errs where it is told to', async () => {
    await start();
    provider.fail('oauth1.requestToken', { kind: 'members', members: { oauth_callback_confirmed: undefined } });
    provider.fail('oauth1.api', { kind: 'status', status: 503 });
    const { temporary, calls } = await dance({});
    expect(Object.keys(temporary).toSorted()).toEqual(['oauth_token', 'oauth_token_secret']);
    expect(calls[0]![0]).toBe(503);
  });
});

/** Requests that oauthlib would not make; the signature is PLAINTEXT, which anybody can write. */
describe('OAuth 1.0a by hand', () => {
  const ask = async (url: string, parameters: Record<string, string>, tokenSecret = '') => {
    const all = {
      oauth_consumer_key: 'app',
      oauth_signature_method: 'PLAINTEXT',
      oauth_signature: `${encodeURIComponent(secret)}&${tokenSecret}`,
      ...parameters,
    };
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(all) });
    return { status: answer.status, form: Object.fromEntries(new URLSearchParams(await answer.text())) };
  };
  const temporaryCredentials = async () => {
    const { form } = await ask(provider.urlOf('oauth1.requestToken'), { oauth_callback: callback });
    return { token: form['oauth_token']!, secret: form['oauth_token_secret']! };
  };
  const authorize = async (token: string) => {
    const url = `${provider.urlOf('oauth1.authorization')}?oauth_token=${token}`;
    const answer = await fetch(url, { redirect: 'manual' });
    const query = new URL(answer.headers.get('location') ?? 'http://none').searchParams;
    return { status: answer.status, verifier: query.get('oauth_verifier') ?? '' };
  };
  const exchange = (token: string, tokenSecret: string, oauth_verifier: string) =>
    ask(provider.urlOf('oauth1.accessToken'), { oauth_token: token, oauth_verifier }, tokenSecret);

  it.each<[string, Record<string, string>, number, string]>([
    ['no callback', {}, 400, 'parameter_absent'],
    ['a callback that is a script', { oauth_callback: 'javascript:alert(1)' }, 400, 'parameter_rejected'],
    ['a parameter that is unknown', { oauth_callback: callback, oauth_x: '1' }, 400, 'parameter_rejected'],
    ['another version', { oauth_callback: callback, oauth_version: '2.0' }, 400, 'version_rejected'],
    ['an unknown client', { oauth_callback: callback, oauth_consumer_key: 'x' }, 401, 'consumer_key_unknown'],
    ['a token', { oauth_callback: callback, oauth_token: 'x' }, 400, 'parameter_rejected'],
    ['no signature', { oauth_callback: callback, oauth_signature: '' }, 400, 'parameter_absent'],
  ])('refuses temporary credentials for %s', async (_what, parameters, status, problem) => {
    await start();
    const answer = await ask(provider.urlOf('oauth1.requestToken'), parameters);
    expect([answer.status, answer.form['oauth_problem']]).toEqual([status, problem]);
  });

  it('knows the callbacks of a client', async () => {
    await start({ clients: [{ clientId: 'app', clientSecret: secret, redirectUris: ['http://127.0.0.1:9/'] }] });
    const answer = await ask(provider.urlOf('oauth1.requestToken'), { oauth_callback: callback });
    expect(answer.form['oauth_problem']).toBe('parameter_rejected');
  });

  it('gives a token for the verifier of its own consent, its secret, and once', async () => {
    await start();
    const one = await temporaryCredentials();
    const two = await temporaryCredentials();
    expect((await exchange(one.token, one.secret, '')).form['oauth_problem']).toBe('verifier_invalid');
    const { verifier } = await authorize(one.token);
    const other = await authorize(two.token);
    expect((await exchange(one.token, one.secret, other.verifier)).form['oauth_problem']).toBe('verifier_invalid');
    expect((await exchange(one.token, two.secret, verifier)).form['oauth_problem']).toBe('signature_invalid');
    expect((await exchange(one.token, '', verifier)).form['oauth_problem']).toBe('signature_invalid');
    expect((await exchange(one.token, one.secret, verifier)).status).toBe(200);
    expect((await exchange(one.token, one.secret, verifier)).form['oauth_problem']).toBe('token_rejected');
    expect([(await authorize(one.token)).status, (await authorize('unknown')).status]).toEqual([400, 400]);
  });

  it('takes a nonce once', async () => {
    const clock = new TestClock();
    await start({ clock });
    const at = (nonce: string) => {
      const parameters = new URLSearchParams({
        oauth_callback: callback,
        oauth_consumer_key: 'app',
        oauth_nonce: nonce,
        oauth_signature_method: 'HMAC-SHA1',
        oauth_timestamp: String(Math.floor(clock.now() / 1000)),
      });
      const strict = (text: string) => encodeURIComponent(text).replaceAll("'", '%27');
      const sorted = [...parameters]
        .map(([name, value]) => `${name}=${strict(value)}`)
        .toSorted()
        .join('&');
      const text = ['POST', provider.urlOf('oauth1.requestToken'), sorted].map(strict).join('&');
      parameters.set(
        'oauth_signature',
        createHmac('sha1', `${strict(secret)}&`)
          .update(text)
          .digest('base64'),
      );
      return fetch(provider.urlOf('oauth1.requestToken'), { method: 'POST', body: parameters });
    };
    const statuses = [];
    for (const nonce of ['one', 'one', 'two']) statuses.push((await at(nonce)).status);
    expect(statuses).toEqual([200, 401, 200]);
  });

  it('shows the verifier to people where there is no callback', async () => {
    await start();
    const { form } = await ask(provider.urlOf('oauth1.requestToken'), { oauth_callback: 'oob' });
    const page = await fetch(`${provider.urlOf('oauth1.authorization')}?oauth_token=${form['oauth_token']}`);
    const [, verifier = ''] = /<p>([\w-]+)<\/p>/.exec(await page.text()) ?? [];
    expect((await exchange(form['oauth_token']!, form['oauth_token_secret']!, verifier)).status).toBe(200);
  });

  it('ends all tokens when people take their consent back', async () => {
    await start();
    const { token, secret: tokenSecret } = await temporaryCredentials();
    const { form } = await exchange(token, tokenSecret, (await authorize(token)).verifier);
    const call = () =>
      ask(`${provider.oauth1.apiBaseUrl}me`, { oauth_token: form['oauth_token']! }, form['oauth_token_secret']);
    expect((await call()).status).toBe(200);
    provider.endGrants();
    expect((await call()).status).toBe(401);
  });
});
