import { styleText } from 'node:util';

/** Where a command writes: data to `stdout`, everything that is for people alone to `stderr`. `process` is one. */
export interface Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Of terminals only; knows `NO_COLOR` and terminals that have none. */
  hasColors?(): boolean;
}

/** The text in a colour where the stream is a terminal that shows colours; anywhere else the text as it is. */
export function coloured(stream: Stream, colour: 'red' | 'green' | 'yellow', text: string): string {
  return stream.isTTY === true && stream.hasColors?.() === true
    ? styleText(colour, text, { validateStream: false })
    : text;
}

/** One line. */
export function writeLine(stream: Stream, text: string): void {
  stream.write(`${text}\n`);
}
