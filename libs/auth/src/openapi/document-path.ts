import { LegacyRouteConverter } from '@nestjs/core/router/legacy-route-converter.js';

const parameter = /\\(.)|[:*](?:([$_\p{ID_Start}][$\u200c\u200d\p{ID_Continue}]*)|"([^"]*)")|[{}]/gu;

/**
 * A path of the router as OpenAPI writes it: `/users/:username` is `/users/{username}`, an optional part is written out.
 *
 * The steps are those of `@nestjs/swagger`: what it prints is what must be found.
 */
export function documentPath(path: string): string {
  const converted = LegacyRouteConverter.tryConvert(path, { logs: false });
  const printed = converted
    .replace(/::/g, '\\:')
    .replace(/\[:\]/g, '\\:')
    .replace(/\(\^([^)]+)\)/g, '')
    .replace(parameter, (_match, escaped?: string, name?: string, quoted?: string) => {
      if (escaped !== undefined) return escaped;
      const known = name ?? quoted;
      return known === undefined ? '' : `{${known}}`;
    });
  return printed.startsWith('/') ? printed : `/${printed}`;
}
