import type { Terminal } from '../../libs/auth/src/cli/terminal.js';

/** Keeps what a command writes; it is no terminal, as a pipe is none. */
export class TextTerminal implements Terminal {
  readonly said = { stdout: '', stderr: '' };
  readonly stdout = { write: (text: string) => void (this.said.stdout += text) };
  readonly stderr = { write: (text: string) => void (this.said.stderr += text) };
}
