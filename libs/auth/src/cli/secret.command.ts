import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { algorithms } from '../jwt/algorithms.js';
import { writeLine, type Terminal } from './terminal.js';

/** `latchkey secret`: random bytes as base64url, alone on stdout. 32 of them are an encryption key, too. */
export function secretCommand(terminal: Terminal): Command {
  const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
  return new Command('secret')
    .description('Print a fresh secret for jwt.secret, or a key for encryptionKeys.')
    .addOption(
      new Option('--algorithm <name>', 'as long as the algorithm wants it')
        .choices(secretAlgorithms)
        .default('HS256', 'HS256; encryption keys are as long'),
    )
    .action(({ algorithm }: { algorithm: (typeof secretAlgorithms)[number] }) =>
      writeLine(terminal.stdout, randomBytes(algorithms[algorithm].bytes).toString('base64url')),
    );
}
