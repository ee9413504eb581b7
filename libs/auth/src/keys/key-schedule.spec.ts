import type { SigningKeyRow } from '../stores/signing-key.store.js';
import { agreedWithin, dueKey, keySchedule, publishedFor, readEvery, turnHere } from './key-schedule.js';

const now = Date.UTC(2030, 0, 1);
const hour = 3_600_000;
const day = 24 * hour;
const overlap = hour;
const rotateEvery = 30 * day;

/** A key for each time, from the oldest; a negative sign in front of the name ends the older ones. */
function rowsOf(...times: (number | readonly [endsOlder: number])[]): SigningKeyRow[] {
  return times.map((time, index) => ({
    ...{ generation: index + 1, kid: `k${index + 1}`, algorithm: 'ES256', createdAt: 0, sealed: '' },
    ...{ signsFrom: now + (typeof time === 'number' ? time : time[0]), endsOlder: typeof time !== 'number' },
  }));
}

const kidsOf = (rows: readonly SigningKeyRow[]) => rows.map(({ kid }) => kid).toSorted();

describe('keySchedule', () => {
  it.each<[what: string, rows: SigningKeyRow[], signing: string, verifying: string[], changesIn: number]>([
    ['one key', rowsOf(-day), 'k1', [], Infinity],
    ['the first key, by a clock that is behind', rowsOf(5_000), 'k1', [], 5_000],
    ['the next key, before it signs', rowsOf(-day, 600_000), 'k1', ['k2'], 600_000],
    ['the next key, a moment before', rowsOf(-day, 1), 'k1', ['k2'], 1],
    ['the next key, in the moment it signs', rowsOf(-day, 0), 'k2', ['k1'], hour],
    ['the last moment of the overlap', rowsOf(-day, 1 - hour), 'k2', ['k1'], 1],
    ['the end of the overlap', rowsOf(-day, -hour), 'k2', [], Infinity],
    ['three keys', rowsOf(-day, -hour / 2, hour), 'k2', ['k1', 'k3'], hour / 2],
    ['keys in close succession', rowsOf(-day, -2_000, -1_000), 'k3', ['k1', 'k2'], hour - 2_000],
    ['a key that ends the older ones, before it signs', rowsOf(-day, [20_000]), 'k1', ['k2'], 20_000],
    ['a key that ends the older ones, in its moment', rowsOf(-day, [0]), 'k2', [], Infinity],
    ['a key that ends older ones in their overlap', rowsOf(-2 * day, -1_000, [0]), 'k3', [], Infinity],
    ['a key that overtakes the next one', rowsOf(-day, 600_000, [20_000]), 'k1', ['k2', 'k3'], 20_000],
    ['a key that has overtaken the next one', rowsOf(-day, 580_000, [0]), 'k3', [], 580_000],
    ['… when the turn of that one comes', rowsOf(-day, 0, [-580_000]), 'k3', [], Infinity],
    ['a key after one that ended the older ones', rowsOf(-day, [-hour], 0), 'k3', ['k2'], hour],
  ])('S43 says what %s means', (_what, rows, signing, verifying, changesIn) => {
    const schedule = keySchedule(rows, now, overlap);
    expect([schedule.signing.kid, kidsOf(schedule.verifying)]).toEqual([signing, verifying]);
    if (verifying.length > 0 || changesIn === Infinity) expect(schedule.changesAt - now).toBe(changesIn);
  });

  it.each<[string, SigningKeyRow[], string[]]>([
    ['in its overlap', rowsOf(-2 * day, -1_000), []],
    ['that has just ended', rowsOf(-2 * day, -hour), []],
    ['that ended almost a day ago', rowsOf(-3 * day, 1 - hour - day), []],
    ['that ended a day ago', rowsOf(-3 * day, -hour - day), ['k1']],
    ['that was ended a day ago, and the one before', rowsOf(-3 * day, -2 * day, [-day]), ['k1', 'k2']],
  ])('keeps a key %s as long as a clock could need it', (_what, rows, dead) => {
    expect(kidsOf(keySchedule(rows, now, overlap).dead)).toEqual(dead);
  });

  it('S43 lets every token live to its end, whatever is rotated when', () => {
    // a token of the longest life that is made in the last moment of its key
    const rows = rowsOf(-day, 0);
    const lastMoment = now - 1;
    expect(keySchedule(rows, lastMoment, overlap).signing.kid).toBe('k1');
    expect(kidsOf(keySchedule(rows, lastMoment + overlap, overlap).verifying)).toEqual(['k1']);
  });
});

describe('turnHere', () => {
  const [before, read] = [now, now + 10_000];
  it.each<[clock: string, signsFrom: number, turn: number]>([
    ['agrees with its maker', now + 25_000, now + 25_000],
    ['is ahead', now - 35_000, now + 20_000],
    ['is behind', now + 85_000, now + 30_000],
  ])('S43 is between 20 seconds after either reading when the clock %s', (_clock, signsFrom, turn) => {
    expect(turnHere({ signsFrom }, before, read)).toBe(turn);
  });

  it('has come long ago for who was away, or has just booted', () => {
    expect(turnHere({ signsFrom: now - 500_000 }, now - 600_000, now)).toBe(now - 500_000);
    expect(turnHere({ signsFrom: now - 500_000 }, -Infinity, now)).toBe(now - 500_000);
  });

  it('S43 is not put off by a clock that was set back between the readings', () => {
    expect(turnHere({ signsFrom: now }, now + hour, now)).toBe(now + 20_000);
  });
});

describe('dueKey', () => {
  it.each<[what: string, rows: SigningKeyRow[], due: object | undefined]>([
    ['the first, at once', [], { generation: 1, signsFrom: now }],
    ['none while the newest is young', rowsOf(-1), undefined],
    ['none while the newest waits for its turn', rowsOf(-40 * day, 600_000), undefined],
    ['none a moment too early', rowsOf(publishedFor - rotateEvery + 1), undefined],
    [
      'the next, so early that it is published in time',
      rowsOf(publishedFor - rotateEvery),
      { generation: 2, signsFrom: now + publishedFor },
    ],
    [
      'the next, published in time also when nobody was there to make it',
      rowsOf(-90 * day),
      { generation: 2, signsFrom: now + publishedFor },
    ],
    [
      'the next after the greatest generation',
      rowsOf(-90 * day, -60 * day, [-31 * day]),
      { generation: 4, signsFrom: now + publishedFor },
    ],
  ])('S43 is %s', (_what, rows, due) => {
    expect(dueKey(rows, now, rotateEvery)).toEqual(due);
  });

  it('is published long enough for those who keep the key set, and known to all instances long before', () => {
    expect(agreedWithin).toBe(2 * readEvery);
    // Cache-Control allows half of it
    expect(publishedFor / 2).toBeGreaterThan(agreedWithin + 60_000);
  });
});
