import type { Session } from 'nest-latchkey';
import { deviceName } from './device-name.js';
import { html, type Html } from './html.js';
import { sessionForm } from './session-form.js';
import { timeOf } from './time.js';

export interface Devices {
  readonly devices: readonly Session[];
  /** The session that asks. */
  readonly sid: string;
  readonly proof: string;
}

/** Where the user is logged in: one session for each device. */
export function devicesPart({ devices, sid, proof }: Devices): Html {
  return html`<section class="card" aria-labelledby="devices">
    <h2 id="devices">Devices</h2>
    <ul class="rows">
      ${devices.map((device) => deviceItem(device, { sid, proof }))}
    </ul>
    ${devices.length > 1 && sessionForm({ action: 'end-other-sessions', label: 'Log out all other devices', proof })}
  </section>`;
}

function deviceItem(
  { id, device, network, lastUsedAt }: Session,
  { sid, proof }: { sid: string; proof: string },
): Html {
  const name = device === null ? 'Unknown device' : deviceName(device);
  return html`<li>
    <div>
      <strong>${name}</strong> ${id === sid && html`<span class="badge">this one</span>`}
      <span class="hint">${network ?? 'unknown network'}, last used ${timeOf(lastUsedAt.getTime())}</span>
    </div>
    ${id !== sid && sessionForm({ action: 'end-session', label: endLabel(name), proof, fields: { session: id } })}
  </li>`;
}

/** Whoever hears the buttons without the list has to know which is which. */
function endLabel(name: string): Html {
  return html`Log out<span class="unseen"> ${name}</span>`;
}
