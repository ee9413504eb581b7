import { presets } from '../../oauth/providers/presets.js';

/** A preset, as far as somebody wants to know who registers a client. */
export interface PresetEntry {
  /** The function of `nest-latchkey/providers`, and the provider's name unless the application gives another. */
  readonly name: string;
  readonly kind: 'oidc' | 'oauth2' | 'oauth1';
  /** The environment variables of the client, those of older names last. */
  readonly variables: readonly string[];
  /** Below `publicUrl`, for the `path` of `oauthLogin()` that is the default. */
  readonly callbackPath: string;
}

/** Every preset, by name. Nothing that the environment holds is read. */
export function listPresets(): PresetEntry[] {
  return Object.entries(presets).map(([name, preset]) => {
    const { asked, given } = asking(() => preset());
    return { name, kind: given.kind, variables: asked, callbackPath: `/login/${given.name}/authorized` };
  });
}

/** The names of variables that a preset looks for, in its order: the preset alone knows them. */
function asking<T>(make: () => T): { asked: string[]; given: T } {
  const asked = new Set<string>();
  const before = process.env;
  process.env = new Proxy({}, { get: (_, name) => void asked.add(String(name)) });
  try {
    return { given: make(), asked: [...asked] };
  } finally {
    process.env = before;
  }
}
