#!/usr/bin/env node
import { Console } from 'node:console';
import { runCommandLine } from './command-line.js';

// stdout is for data: what an application prints while it loads goes beside it
globalThis.console = new Console(process.stderr, process.stderr);

const exitCode = await runCommandLine(process.argv.slice(2), process);
// an application that was loaded may hold timers and connections; what is still to be written goes out first
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
