import type { Metadata } from '@grpc/grpc-js';
import { ChatError } from '../chat-error.js';
import type { Audience } from './caller.js';

/** Set by each portal's own edge listener, which overwrites the browser's; the open listener removes it. */
const HEADER = 'x-chat-audience';

/** The portal whose edge the call came through; undefined for a native client. */
export function edgeAudience(metadata: Metadata): Audience | undefined {
  const values = metadata.get(HEADER);
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length === 1 && (value === 'client' || value === 'admin')) return value;
  throw new ChatError('invalid-argument', 'INVALID_FIELD', `${HEADER} is client or admin, set by the portal's edge.`, {
    facts: { field: HEADER },
  });
}
