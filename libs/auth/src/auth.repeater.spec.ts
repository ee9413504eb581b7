import { jest } from '@jest/globals';
import { Repeater } from './auth.repeater.js';

describe('Repeater', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const later = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  /** One that counts its turns; each takes so long. */
  function counting({ takes = 0, fails = false } = {}) {
    const counted = { begun: 0, ended: 0, failures: 0, delay: 100 };
    const work = async () => {
      counted.begun++;
      if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
      counted.ended++;
      if (fails) throw new Error('failed');
    };
    const repeater = new Repeater(
      work,
      () => counted.delay,
      () => counted.failures++,
    );
    return { repeater, counted };
  }

  it('begins a turn after the delay, counted from the end of the one before', async () => {
    const { repeater, counted } = counting({ takes: 250 });
    repeater.start();
    await later(99);
    expect(counted.begun).toBe(0);
    await later(1);
    expect(counted.begun).toBe(1);
    await later(349);
    expect(counted).toMatchObject({ begun: 1, ended: 1 });
    await later(1);
    expect(counted.begun).toBe(2);
    repeater.stop();
  });

  it('goes on after a turn that failed, and tells of it', async () => {
    const { repeater, counted } = counting({ fails: true });
    repeater.start();
    await later(300);
    expect(counted).toMatchObject({ begun: 3, failures: 3 });
    repeater.stop();
  });

  it.each([
    ['between two turns', 150],
    ['during one', 250],
  ])('is stopped %s: none comes after it', async (_when, milliseconds) => {
    const { repeater, counted } = counting({ takes: 100 });
    repeater.start();
    await later(milliseconds);
    repeater.stop();
    const { begun } = counted;
    await later(1_000);
    expect(counted).toMatchObject({ begun, ended: begun });
  });

  it('comes sooner when it is hastened, but not twice at once, and not when it was stopped', async () => {
    const { repeater, counted } = counting({ takes: 100 });
    repeater.start();
    counted.delay = 10;
    repeater.hasten();
    await later(10);
    expect(counted.begun).toBe(1);
    repeater.hasten();
    await later(109);
    expect(counted.begun).toBe(1);
    await later(1);
    expect(counted.begun).toBe(2);
    repeater.stop();
    repeater.hasten();
    await later(1_000);
    expect(counted.begun).toBe(2);
  });
});
