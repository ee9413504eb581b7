import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const isThere = existsSync(executablePath);
if (!isThere && process.env['CI'] !== 'true')
  console.warn(`LEFT OUT: the dance in Chromium, for there is no ${executablePath}: apt-get install chromium`);

/** Left out, loudly, where there is no Chromium; never under CI. */
export const describeInBrowser = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

const switches =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync';

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: switches.split(' ') });
}
