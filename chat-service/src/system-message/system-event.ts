import { createHash } from 'node:crypto';
import { invalidField } from '../chat-error.js';
import type { Severity } from '../conversation/entry.js';
import { checkedText } from '../conversation/request-fields.js';
import { canonicalTag } from '../identity/language-tag.js';

/** Whom a system message is for, by one of the platform's names for a client. */
export interface Recipient {
  /** `login` compares as the platform's collation does; `device_id` means the device's client. */
  readonly by: 'client_id' | 'login' | 'device_id';
  /** 1 to 255 characters. */
  readonly value: string;
}

/** What an internal service tells clients. */
export interface SystemEvent {
  readonly source: string;
  /** The source's own, 1 to 255 characters, the last of them no space. */
  readonly eventId: string;
  /** 1 to 1,000. */
  readonly recipients: readonly Recipient[];
  /** By language; that of the default language is among them. */
  readonly texts: Readonly<Record<string, string>>;
  readonly severity: Severity;
  /** An https URL, or empty. */
  readonly link: string;
  /** Opens a case where none is open. */
  readonly needsAttention: boolean;
}

const MOST_RECIPIENTS = 1_000;
const MOST_LANGUAGES = 20;
const LONGEST_LINK = 2_000;

const nameOf = (text: string): boolean => text.length > 0 && text.length <= 255 && text.isWellFormed();

/** The event, within its bounds and with languages in their canonical form. Throws INVALID_FIELD or MESSAGE_TOO_LONG, naming the field and what it may hold. */
export function checkedSystemEvent(event: SystemEvent, defaultLanguage: string): SystemEvent {
  // In the database a space at the end does not count: two ids would be one.
  if (!nameOf(event.eventId) || event.eventId.endsWith(' ')) {
    throw invalidField('event_id', 'an event id has 1 to 255 characters, and no space at its end.');
  }
  const { length } = event.recipients;
  if (length === 0 || length > MOST_RECIPIENTS) {
    throw invalidField('recipients', `name 1 to ${MOST_RECIPIENTS} recipients, these are ${length}.`);
  }
  if (!event.recipients.every(({ value }) => nameOf(value))) {
    throw invalidField('recipients', 'each has 1 to 255 characters.');
  }
  const texts = checkedTexts(event.texts);
  if (!(defaultLanguage in texts)) {
    throw invalidField('texts', `the text in "${defaultLanguage}", the default language, is missing.`);
  }
  if (event.link !== '' && !isSafeLink(event.link)) {
    throw invalidField('link', `write an https URL of at most ${LONGEST_LINK} characters, or none.`);
  }
  return { ...event, texts };
}

function checkedTexts(texts: SystemEvent['texts']): SystemEvent['texts'] {
  const given = Object.entries(texts);
  if (given.length > MOST_LANGUAGES) throw invalidField('texts', `at most ${MOST_LANGUAGES} languages.`);
  return Object.fromEntries(
    given.map(([language, text]) => {
      const tag = canonicalTag(language);
      if (tag === undefined) throw invalidField('texts', 'name each text by a BCP 47 tag, for example "ro".');
      return [tag, checkedText(text)];
    }),
  );
}

/** The text for somebody who reads `language`: in it, in it without its region, or in the default language. */
export function textFor(texts: SystemEvent['texts'], language: string | undefined, defaultLanguage: string): string {
  const base = language?.split('-', 1)[0];
  const chosen = [language, base, defaultLanguage].find((tag) => tag !== undefined && tag in texts);
  const text = chosen === undefined ? undefined : texts[chosen];
  if (text === undefined) throw new Error('A system message has no text in the default language');
  return text;
}

/** The event's id where it may be a request id, else a digest of it: one event has one effect, whatever its id looks like. */
export function requestIdOf(eventId: string): string {
  if (/^[!-~]{1,64}$/.test(eventId)) return eventId;
  return `sha256-${createHash('sha256').update(eventId).digest('base64url')}`;
}

function isSafeLink(link: string): boolean {
  if (link.length > LONGEST_LINK || /\p{Cc}/u.test(link)) return false;
  const url = URL.parse(link);
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}
