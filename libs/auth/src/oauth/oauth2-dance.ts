import { randomBytes } from 'node:crypto';
import type { Clock } from '../auth.clock.js';
import { authorizationRequest } from './authorization-request.js';
import { authorizationResponse, stateOf, type CodeResponse } from './authorization-response.js';
import type { Dance, DanceAnswer, FlowStart } from './dance.js';
import type { OAuth2Flow } from './flow.js';
import { identify } from './identity.js';
import type { ProviderMetadata } from './provider-metadata.js';
import type { CodeProvider } from './provider.js';
import { tokenRequest } from './token-request.js';

/** The authorization code of OAuth 2, and OpenID Connect on top of it: four steps, a file each. */
export class OAuth2Dance implements Dance {
  constructor(
    readonly provider: CodeProvider,
    private readonly source: ProviderMetadata,
    private readonly clock: Clock,
  ) {}

  get isCrossSite(): boolean {
    return this.provider.responseMode === 'form_post';
  }

  /** RFC 6749 §4.1.2: an answer has a state, and a code or an error. */
  isAnswer(values: URLSearchParams): boolean {
    return ['state', 'code', 'error'].some((name) => values.has(name));
  }

  async begin(start: FlowStart): Promise<{ flow: OAuth2Flow; location: string }> {
    const flow = { ...start, state: newSecret(), nonce: newSecret(), codeVerifier: newSecret() };
    return { flow, location: await authorizationRequest(this.provider, this.source, flow) };
  }

  stateOf(method: string, values: URLSearchParams): string {
    return stateOf(this.provider, method, values);
  }

  async read(values: URLSearchParams, flow: OAuth2Flow): Promise<DanceAnswer> {
    const response = await authorizationResponse(this.provider, this.source, values, flow);
    if (response.kind === 'denied') return response;
    return { kind: 'granted', redeem: () => this.redeem(response, flow) };
  }

  private async redeem({ parameters, name, scope }: CodeResponse, flow: OAuth2Flow) {
    const grant = await tokenRequest(this.provider, this.source, parameters, flow, this.clock);
    return identify(this.provider, this.source, { ...grant, name, scope }, flow, this.clock);
  }
}

/** 256 bits: for state, nonce and PKCE verifier (RFC 7636 §4.1), each its own. */
function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
