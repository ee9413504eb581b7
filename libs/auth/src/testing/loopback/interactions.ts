import { randomUUID } from 'node:crypto';
import { refusal, type Answer } from './answer.js';
import { endpoints } from './endpoints.js';
import type { LoopbackUser } from './loopback.options.js';
import { loginPage } from './page.js';

/** How a request ends once somebody has decided; undefined is somebody who refuses. */
type Decided = (user: LoopbackUser | undefined) => Answer;

/** Who logs in? Whoever the test names, or whom a person at the page chooses. */
export class Interactions {
  private readonly waiting = new Map<string, Decided>();

  constructor(
    private readonly users: () => readonly LoopbackUser[],
    private readonly login: () => string | null | undefined,
  ) {}

  ask(client: string, decided: Decided): Answer {
    const login = this.login();
    if (login !== undefined) return decided(login === null ? undefined : this.user(login));
    const id = randomUUID();
    this.waiting.set(id, decided);
    return { kind: 'page', html: loginPage(`${endpoints.interaction}/${id}`, client, this.users()) };
  }

  /** What the page sends: once. */
  answer(path: string, form: URLSearchParams): Answer {
    const id = path.slice(endpoints.interaction.length + 1);
    const decided = this.waiting.get(id);
    if (decided === undefined) throw refusal(404, 'invalid_request', 'that page was answered before, or never shown');
    const login = form.get('login');
    if (login === null && !form.has('refuse')) throw refusal(400, 'invalid_request', 'no button was pressed');
    const user = login === null ? undefined : this.user(login);
    this.waiting.delete(id);
    return decided(user);
  }

  private user(login: string): LoopbackUser {
    const user = this.users().find(({ sub }) => sub === login);
    if (user === undefined) throw refusal(400, 'invalid_request', 'nobody of that name can log in');
    return user;
  }
}
