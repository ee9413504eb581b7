import { html, type Html } from './html.js';

/** For people, in UTC: without a script nobody here knows where they are. @param time epoch milliseconds */
export function timeOf(time: number): Html {
  const [day, clock] = new Date(time).toISOString().split('T');
  return html`<time datetime="${new Date(time).toISOString()}">${day} ${clock!.slice(0, 5)} UTC</time>`;
}
