import { invalidField } from '../chat-error.js';
import type { Audience } from './caller.js';

/** What came with a call, by lower-case name. */
export interface CallHeaders {
  get(name: string): readonly (string | Buffer)[];
}

/** Set by each portal's own edge listener, which overwrites the browser's; the open listener removes it. */
const HEADER = 'x-chat-audience';

/** The portal whose edge the call came through; undefined for a native client. */
export function edgeAudience(headers: CallHeaders): Audience | undefined {
  const values = headers.get(HEADER);
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length === 1 && (value === 'client' || value === 'admin')) return value;
  throw invalidField(HEADER, "it is client or admin, set by the portal's edge.");
}
