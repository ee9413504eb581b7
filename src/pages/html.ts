/** Markup, as opposed to a text that is to be escaped. */
class Markup {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What {@link html} made; nothing else makes one. */
export type Html = Markup;

/** Nothing is written for what is absent. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

/**
 * Markup with values in it. Every text among them is escaped, for text and for attributes in quotes.
 *
 * Not for attributes without quotes, `href`s that somebody else chose, scripts and styles: a text is not made harmless there.
 */
export function html(markup: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Markup(String.raw({ raw: markup }, ...values.map(written)));
}

function written(value: Content): string {
  if (value instanceof Markup) return value.toString();
  if (value === undefined || value === null || value === false) return '';
  if (typeof value === 'object') return value.map(written).join('');
  return escaped(String(value));
}

function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
