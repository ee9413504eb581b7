import type { LoggerService } from '@nestjs/common';

/**
 * Hears what an application complains of; the rest of its log is left out.
 *
 * @param hear gets the text, and the class that wrote it.
 */
export function quietLogger(hear: (text: string, context: unknown) => void): LoggerService {
  // Nest gives the context last, after a stack perhaps
  const complaint = (message: unknown, ...more: unknown[]) => {
    // what it throws afterwards is told by whoever catches it
    if (more.at(-1) !== 'ExceptionHandler') hear(String(message), more.at(-1));
  };
  const silent = () => {};
  return { log: silent, debug: silent, verbose: silent, warn: complaint, error: complaint, fatal: complaint };
}
