import { html } from './html.js';

describe('html', () => {
  it.each([
    [`<script>alert('1')</script>`, '&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;'],
    ['" onload="x', '&quot; onload=&quot;x'],
    ['a & b &amp; c', 'a &amp; b &amp;amp; c'],
    ['', ''],
  ])('escapes %s', (text, escaped) => {
    expect(html`<b title="${text}">${text}</b>`.toString()).toBe(`<b title="${escaped}">${escaped}</b>`);
  });

  it('leaves its own markup as it is, and lists of it', () => {
    const item = (text: string) => html`<i>${text}</i>`;
    expect(html`<b>${[item('<'), item('b')]}</b>`.toString()).toBe('<b><i>&lt;</i><i>b</i></b>');
  });

  it('writes nothing for what is absent, and numbers', () => {
    expect(html`<p>${undefined}${null}${false}${0}${7}${['<']}</p>`.toString()).toBe('<p>07&lt;</p>');
  });

  it('takes nothing else for markup', () => {
    const like = { toString: () => '<b>', text: '<b>' };
    expect(() => html`${like as never}`).toThrow(TypeError);
  });
});
