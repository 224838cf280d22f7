import type { SessionState } from '@energy-chat/client';

/** The person is gone, as opposed to a session that is over and that they may take up again where they were. */
export function hasLeft(state: SessionState): boolean {
  if (state.kind === 'signed-in') return false;
  return state.reason === 'SIGNED_OUT' || state.reason === 'OTHER_PERSON' || state.reason === 'NEVER_SIGNED_IN';
}
