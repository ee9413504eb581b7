import { AuthConfigError } from '../auth.errors.js';
import { isLoopback } from '../auth.loopback.js';
import { algorithmNames, algorithms, isAlgorithm, type JwtAlgorithm } from './algorithms.js';

/** Another issuer whose access tokens are accepted. Give `jwksUri`, or `discovery: true` to find it (RFC 8414, OIDC Discovery). */
export interface TrustedIssuerOptions {
  /** Compared exactly with `iss`. */
  issuer: string;
  jwksUri?: string;
  /** Ask `<issuer>/.well-known/openid-configuration` for the JWK set, at the first token. */
  discovery?: boolean;
  /** One of these must be in `aud`. */
  audience: string | readonly string[];
  /** Asymmetric algorithms only, at least one. */
  algorithms: readonly JwtAlgorithm[];
  /** Accept tokens that name no type at all, neither `typ: at+jwt` nor a type claim, as access tokens. Default false: an ID token would do. */
  acceptUntypedTokens?: boolean;
}

const optionNames = ['issuer', 'jwksUri', 'discovery', 'audience', 'algorithms', 'acceptUntypedTokens'];

/** @throws AuthConfigError naming the option and the mend. */
export function checkTrustedIssuer(options: TrustedIssuerOptions, option: string): void {
  if (typeof options !== 'object' || options === null)
    throw new AuthConfigError(option, 'must be { issuer, jwksUri, audience, algorithms }');
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name))
      throw new AuthConfigError(`${option}.${name}`, `is no option: there are ${optionNames.join(', ')}`);
  }
  if (typeof options.issuer !== 'string' || options.issuer === '')
    throw new AuthConfigError(`${option}.issuer`, 'is missing');
  if ((options.jwksUri === undefined) === (options.discovery !== true)) {
    throw new AuthConfigError(option, 'give jwksUri, or discovery: true');
  }
  checkUrl(options.jwksUri ?? options.issuer, options.jwksUri === undefined ? `${option}.issuer` : `${option}.jwksUri`);
  const audience = [options.audience].flat();
  if (audience.length === 0 || audience.some((name) => typeof name !== 'string' || name === '')) {
    throw new AuthConfigError(`${option}.audience`, 'is missing: say which audience the tokens must be made for');
  }
  checkAlgorithms(options.algorithms, `${option}.algorithms`);
}

function checkAlgorithms(names: readonly JwtAlgorithm[] | undefined, option: string): void {
  if (!Array.isArray(names) || names.length === 0)
    throw new AuthConfigError(option, "is missing: for example ['RS256']");
  for (const name of names as readonly unknown[]) {
    if (!isAlgorithm(name)) throw new AuthConfigError(option, `must be of ${algorithmNames.join(', ')}`);
    if (algorithms[name].family === 'HMAC')
      throw new AuthConfigError(option, `${name} is symmetric: another issuer must not share a secret`);
  }
}

/** https, or http to this machine only. @throws AuthConfigError */
export function checkUrl(text: string, option: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!isSecure || url?.username !== '') {
    throw new AuthConfigError(option, 'must be an https URL without credentials (http on loopback only)');
  }
}
