import { tokenize } from 'linkifyjs';

/** A piece of a message: plain, or with an address that is safe to open. */
export interface TextPart {
  readonly text: string;
  readonly href: string | undefined;
}

const SAFE: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** What is in an address without being seen, or shows it in another order than it has. */
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;

/** The pieces of a text in order; together they are the text. What has no scheme is taken for https. */
export function textParts(text: string): readonly TextPart[] {
  return tokenize(text).map((token) => ({
    text: token.toString(),
    href: token.isLink && !HIDDEN.test(token.toString()) ? safeHref(token.toHref('https')) : undefined,
  }));
}

function safeHref(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  // Who signs a link with a name before the @ may want it to be taken for another place.
  const pretends = url.protocol !== 'mailto:' && url.username !== '';
  return SAFE.has(url.protocol) && !pretends ? url.href : undefined;
}
