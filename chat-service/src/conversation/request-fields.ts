import { ChatError, invalidField } from '../chat-error.js';
import { LONGEST_COMMENT, LONGEST_TEXT } from './entry.js';

const ID = /^[!-~]{1,64}$/;

/** Something beyond white space, control characters and what has no shape, as U+200B. */
const VISIBLE = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** An id that a client sent: 1 to 64 printable ASCII characters. */
export function checkedId(field: string, id: string): string {
  if (!ID.test(id)) throw invalidField(field, 'an id has 1 to 64 printable ASCII characters.');
  return id;
}

/** A message's text: 1 to 4,000 UTF-16 units, with something to see, whole characters only. */
export function checkedText(text: string): string {
  if (text.length > LONGEST_TEXT) {
    const most = `A message has at most ${LONGEST_TEXT} characters, this one has ${text.length}. Send it in parts.`;
    throw new ChatError('invalid-argument', 'MESSAGE_TOO_LONG', most, {
      facts: { field: 'text', limit: String(LONGEST_TEXT) },
    });
  }
  if (!text.isWellFormed()) throw invalidField('text', 'this message holds half a character. Write it again.');
  if (!VISIBLE.test(text)) throw invalidField('text', 'a message needs at least one visible character.');
  return text;
}

/** A rating, 1 to 5. */
export function checkedRating(rating: number): number {
  if (rating < 1 || rating > 5) throw invalidField('rating', 'a rating is 1 to 5.');
  return rating;
}

/** A rating's comment: at most 1,000 UTF-16 units, whole characters only; with nothing to see, none. */
export function checkedComment(comment: string): string {
  if (comment.length > LONGEST_COMMENT) {
    throw invalidField('comment', `a comment has at most ${LONGEST_COMMENT} characters, this one ${comment.length}.`);
  }
  if (!comment.isWellFormed()) throw invalidField('comment', 'it holds half a character. Write it again.');
  return VISIBLE.test(comment) ? comment : '';
}

/** The seq of an entry, 1 or more. */
export function checkedSeq(field: string, seq: number): number {
  if (seq === 0) throw invalidField(field, 'name the seq of an entry, 1 or more.');
  return seq;
}

/** A page's size: 1 to 100; 0 means 50. */
export function checkedPageSize(size: number): number {
  if (size > 100) throw invalidField('page_size', 'a page has 1 to 100 rows; 0 means 50.');
  return size === 0 ? 50 : size;
}
