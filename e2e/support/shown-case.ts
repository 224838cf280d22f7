import type { ShownCase } from '@energy-chat/client';
import type { Page } from './page.js';

/** The open case that a page shows. */
export function shownCase({ view }: Page): ShownCase {
  const open = view.row?.openCase;
  if (open === undefined) throw new Error('The page shows no open case.');
  return { conversationId: view.conversationId, caseId: open.id, revision: open.revision };
}
