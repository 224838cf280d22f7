import type { CallHeaders } from './edge-audience.js';

const LONGEST = 255;

/** What the caller's program calls itself, at most 255 characters without control characters; empty when it does not. */
export function userAgentOf(headers: CallHeaders): string {
  const [value = ''] = headers.get('user-agent');
  return value
    .toString()
    .replace(/\p{Cc}/gu, '')
    .slice(0, LONGEST)
    .toWellFormed();
}
