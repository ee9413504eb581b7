import type { Figure } from '../figure.js';
import type { Section, SectionOptions } from '../section.js';
import { guardFigure, mirrorFigure, refreshFigures, revokeFigures, scaleFigures } from './figures.js';
import { measureGuard } from './guard/measure-guard.js';
import { measureMirror } from './mirror/measure-mirror.js';
import { measureRefresh } from './refresh/measure-refresh.js';
import { measureRevoke } from './revoke/measure-revoke.js';
import { measureScale } from './scale/measure-scale.js';

/**
 * Sessions in a database: a refresh against its bare statements, among few sessions and among a million; a guarded request;
 * memory; how soon another process knows of a revocation. Wants PostgreSQL, MariaDB and Redis, as the tests do.
 */
export const sessionSection: Section = { name: 'session', run };

async function run({ rounds }: SectionOptions): Promise<Figure[]> {
  return [
    ...refreshFigures(await measureRefresh(rounds)),
    ...scaleFigures(await measureScale(rounds)),
    guardFigure(await measureGuard(rounds)),
    mirrorFigure(await measureMirror(rounds)),
    ...revokeFigures(await measureRevoke('poll', rounds), await measureRevoke('redis', rounds)),
  ];
}
