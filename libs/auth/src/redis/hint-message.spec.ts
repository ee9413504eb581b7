import { hintMessage, mostHints, readHintMessage } from './hint-message.js';

describe('hint messages', () => {
  it('read as they were written', () => {
    const hints = [{ kind: 'sid', id: 's1' }, { kind: 'jti', id: 'Zoë "j1"' }, { kind: 'sub' }] as const;
    expect(readHintMessage(hintMessage(hints))).toEqual(hints);
    expect(readHintMessage(hintMessage([]))).toEqual([]);
  });

  it('carry the longest ids that there are, as many as one may hold', () => {
    const hints = Array.from({ length: mostHints }, () => ({ kind: 'jti', id: '\u0001'.repeat(200) }) as const);
    expect(readHintMessage(hintMessage(hints))).toEqual(hints);
  });

  it.each([
    ['no JSON', 'sid s1'],
    ['no text', ''],
    ['no list', '{"sid":"s1"}'],
    ['null', 'null'],
    ['a list of texts', '["sid","s1"]'],
    ['an unknown kind', '[["tenant","t1"]]'],
    ['the name of an inherited member', '[["constructor","s1"]]'],
    ['an id of another type', '[["sid",1]]'],
    ['an id that is an object', '[["sid",{"id":"s1"}]]'],
    ['no id', '[["sid"]]'],
    ['an empty id', '[["sid",""]]'],
    ['an id too long', JSON.stringify([['sid', 'x'.repeat(201)]])],
    ['more than kind and id', '[["sid","s1",0]]'],
    ['a subject', '[["sub","ada"]]'],
    ['one bad row among good ones', '[["sid","s1"],["sid",null]]'],
    ['too many rows', JSON.stringify(Array.from({ length: 101 }, () => ['sub']))],
    ['a flood', `[${' '.repeat(200_000)}]`],
  ])('refuse %s', (_name, text) => {
    expect(readHintMessage(text)).toBeUndefined();
  });
});
