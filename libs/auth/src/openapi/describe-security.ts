import type { TokenRequirement } from '../resource/token-requirement.js';
import { refusalsOf } from './refusal-responses.js';
import { requirementObject, requirementText } from './requirement-text.js';
import { addScheme, schemesOf } from './security-schemes.js';
import { ServedRoutes, type ServiceFinder } from './served-routes.js';

/** An OpenAPI 3 document, as far as it is read here; what `SwaggerModule.createDocument()` gives is one. */
export interface OpenApiDocument {
  paths: object;
  components?: object;
}

/** An operation object of OpenAPI, as far as it is written here. */
interface Operation {
  description?: string;
  security?: object[];
  responses?: Record<string, object>;
  'x-required-token'?: object;
}

/** The operations a path can have: those of OpenAPI, and those `@All()` is printed with. */
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'search', 'query'] as const;

/**
 * Write into each operation of the document what its guard asks: `security`, a line of the description, the extension
 * `x-required-token`, and the refusals 401 and 403 where the operation names none.
 *
 * Read from the guards and from nothing else: a decorator that is taken away is gone from the document. Open routes get
 * `security: []`, optional ones the alternative `{}`. A route that wants its token in the body alone gets no `security`,
 * for which OpenAPI has no words. Left alone: operations without a handler, and those where a guard of somebody else
 * decides, such as `AuthGuard('jwt')`. Of several versions of a route that share one path the first is described.
 *
 * @param document is changed, and returned.
 */
export function describeSecurity<Document extends OpenApiDocument>(app: ServiceFinder, document: Document): Document {
  const routes = new ServedRoutes(app);
  for (const [path, item] of Object.entries(document.paths) as [string, Record<string, Operation | undefined>][]) {
    for (const method of methods) {
      const operation = item[method];
      const route = operation && routes.find(path, method);
      if (route === undefined) continue;
      const access = routes.access(route, method);
      if (access === 'open') operation!.security ??= [];
      else if (access !== 'unknown') describe(operation!, access, routes, document);
    }
  }
  return document;
}

function describe(
  operation: Operation,
  requirement: TokenRequirement,
  { settings: { places }, hooks }: ServedRoutes,
  document: OpenApiDocument,
): void {
  describeSchemes(operation, requirement, schemesOf(requirement, places), document);
  const line = requirementText(requirement, places);
  // a document that is described twice says it once
  if (!operation.description?.includes(line))
    operation.description = [operation.description, line].filter(Boolean).join('\n\n');
  operation['x-required-token'] = requirementObject(requirement, places);
  operation.responses ??= {};
  for (const [status, response] of Object.entries(refusalsOf(requirement, places, hooks)))
    if (response !== undefined) operation.responses[status] ??= response;
}

function describeSchemes(
  operation: Operation,
  { optional }: TokenRequirement,
  schemes: ReturnType<typeof schemesOf>,
  document: OpenApiDocument,
): void {
  // [] would say that it is open
  if (schemes.length === 0) return void delete operation.security;
  const components = (document.components ??= {}) as { securitySchemes?: Record<string, object> };
  const known = (components.securitySchemes ??= {});
  operation.security = schemes.map(([name, scheme]) => ({ [addScheme(known, name, scheme)]: [] }));
  if (optional !== false) operation.security.push({});
}
