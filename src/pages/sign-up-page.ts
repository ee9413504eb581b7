import { field } from './field.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface SignUp {
  readonly problem?: Html | undefined;
  /** The fields that are not filled in as asked. */
  readonly wrongFields?: readonly string[];
  readonly username?: string | undefined;
}

const usernameHint = '1 to 64 of a–z, 0–9, dot, underscore and hyphen, beginning with a letter or a digit.';

export function signUpPage({ problem, wrongFields = [], username }: SignUp): string {
  const main = html`<h1>Create an account</h1>
    ${problem}
    <form class="card" method="post" action="/account/signup">
      ${field({
        ...{ name: 'username', label: 'User name', autocomplete: 'username', maxLength: 64 },
        ...{ value: username, hint: usernameHint, isWrong: wrongFields.includes('username') },
      })}
      ${field({
        ...{ name: 'password', label: 'Password', autocomplete: 'new-password', minLength: 8, maxLength: 256 },
        ...{ hint: 'At least 8 characters.', isWrong: wrongFields.includes('password') },
      })}
      <button class="primary">Create the account</button>
    </form>
    <p>You have one already? <a href="/account/login">Log in</a></p>`;
  return layout({ title: problem === undefined ? 'Create an account' : 'Error: Create an account', main });
}
