import { expect, test } from '@playwright/test';
import type { Area, Defect } from './finding.js';
import {
  ADMIN,
  announced,
  asked,
  CLIENT,
  delivered,
  findingsIn,
  keptPromises,
  logged,
  ok,
  type Planted,
  refused,
  row,
  state,
  told,
} from './planted.js';

/** The history of a run that kept all promises, changed by one defect. */
type Edit = (history: Planted[]) => Planted[];

const same = (one: Planted, other: Planted): boolean => JSON.stringify(one) === JSON.stringify(other);

function without(...lines: Planted[]): Edit {
  return (history) => {
    for (const line of lines) expect(history.filter((one) => same(one, line)).length).toBeGreaterThan(0);
    return history.filter((one) => !lines.some((line) => same(one, line)));
  };
}

function instead(line: Planted, ...others: Planted[]): Edit {
  return (history) => {
    expect(history.filter((one) => same(one, line)).length).toBeGreaterThan(0);
    return history.flatMap((one) => (same(one, line) ? others : [one]));
  };
}

/** Right before the log: the last that happened. */
function plus(...lines: Planted[]): Edit {
  return (history) =>
    history.toSpliced(
      history.findIndex(({ kind }) => kind === 'log'),
      0,
      ...lines,
    );
}

function all(...edits: Edit[]): Edit {
  return (history) => edits.reduce((edited, edit) => edit(edited), history);
}

const caseK1: Planted = { kind: 'case', conversation: 'c', caseId: 'k1', revision: 3, status: 'closed' };
const held: Planted = { kind: 'held', who: 'client', conversation: 'c', lastSeq: 7, version: 9, digest: 'digest 9' };
const nodeTwo = { kind: 'node', node: 'database two', entries: 7, digest: 'log' } as const;
const snapshotOfTwo: Planted = { kind: 'snapshot', replica: 'two', ...state(9, 7, [2, 1]) };
const inbox: Planted = { kind: 'inbox', who: 'admin', held: { c: 9 }, listed: { c: 9 } };
const nothingLeft: Planted = { kind: 'left', outbox: 0, unanswered: 0 };
const lastMessage = logged(7, 'message', '4', 'r3', { text: 'client #2' });
const lastOpened = logged(6, 'case_opened', '4', '', { caseId: 'k2', revision: 1, status: 'waiting' });
const mended: Planted = { kind: 'fault', number: 1, fault: 'replica killed', target: 'one', phase: 'is over' };
const broken: Planted = { ...mended, phase: 'begins' };

test('a run that kept all promises has no finding', () => {
  expect(findingsIn(keptPromises())).toEqual([]);
});

const DEFECTS: readonly (readonly [string, Area, Defect, Edit])[] = [
  [
    'a node of the database that has another log than the first',
    'entries',
    'unexpected',
    instead(nodeTwo, { ...nodeTwo, digest: 'another' }),
  ],
  [
    'an acknowledged send that is not in the log',
    'sends',
    'lost',
    plus(asked(20, CLIENT, 'SendMessage', 'r9'), ok(20, 8)),
  ],
  [
    'a request id that is twice in the log',
    'sends',
    'doubled',
    instead(lastMessage, lastMessage, logged(8, 'message', '4', 'r3', { text: 'the same again' })),
  ],
  [
    'a text that is twice in the log',
    'sends',
    'doubled',
    instead(lastMessage, lastMessage, logged(8, 'message', '4', '', { text: 'client #2' })),
  ],
  ['a repeat that is answered with another entry', 'sends', 'doubled', instead(ok(7, 4), ok(7, 2))],
  [
    'a send that stands before one that was acknowledged before it began',
    'sends',
    'out of order',
    plus(asked(20, CLIENT, 'SendMessage', 'r1'), asked(21, CLIENT, 'SendMessage', 'r0'), ok(21, 1)),
  ],
  ['an answer with another seq than the log has', 'sends', 'unexpected', instead(ok(9, 7), ok(9, 8))],
  [
    'a refused send that was written',
    'sends',
    'unexpected',
    all(instead(ok(6, 4), refused(6, 'Aborted', 'CASE_TAKEN')), instead(ok(7, 4), refused(7, 'Aborted', 'CASE_TAKEN'))),
  ],
  ['a send without an answer', 'sends', 'unexpected', instead(nothingLeft, { ...nothingLeft, unanswered: 1 })],

  [
    'an acknowledged case change that is not in the log',
    'case changes',
    'lost',
    instead(ok(8, 5), ok(8, 5), asked(20, ADMIN, 'CloseCase', 'a9', { caseId: 'k9', revision: 1 }), ok(20, 9)),
  ],
  [
    'two administrators who both won one revision',
    'case changes',
    'doubled',
    instead(refused(5, 'Aborted', 'CASE_TAKEN'), ok(5, 3)),
  ],
  [
    'a fork of a case',
    'case changes',
    'doubled',
    instead(
      lastMessage,
      lastMessage,
      logged(8, 'case_assigned', '2', '', { caseId: 'k2', revision: 1, status: 'assigned' }),
    ),
  ],
  [
    'a hole in the revisions of a case',
    'case changes',
    'out of order',
    all(
      instead(caseK1, { ...caseK1, revision: 4 }),
      instead(
        logged(5, 'case_closed', '1', 'a2', { caseId: 'k1', revision: 3, status: 'closed' }),
        logged(5, 'case_closed', '1', 'a2', { caseId: 'k1', revision: 4, status: 'closed' }),
      ),
    ),
  ],
  [
    'a change of a closed case',
    'case changes',
    'out of order',
    all(
      instead(caseK1, { ...caseK1, revision: 4, status: 'waiting' }),
      instead(
        lastMessage,
        lastMessage,
        logged(8, 'case_released', '1', '', { caseId: 'k1', revision: 4, status: 'waiting' }),
      ),
    ),
  ],
  [
    'two open cases in one conversation',
    'case changes',
    'doubled',
    all(
      plus({ kind: 'case', conversation: 'c', caseId: 'k3', revision: 1, status: 'waiting' }),
      instead(
        lastMessage,
        lastMessage,
        logged(8, 'case_opened', '4', '', { caseId: 'k3', revision: 1, status: 'waiting' }),
      ),
    ),
  ],
  ['a stored case that is not the end of its log', 'case changes', 'lost', instead(caseK1, { ...caseK1, revision: 2 })],

  ['an entry that a stream skipped', 'entries', 'out of order', without(delivered(101, 4))],
  [
    'an entry that a stream told twice',
    'entries',
    'doubled',
    instead(delivered(101, 4), delivered(101, 4), delivered(101, 4)),
  ],
  [
    'a stream that goes back',
    'entries',
    'out of order',
    instead(delivered(101, 6), delivered(101, 4), delivered(101, 5), delivered(101, 6)),
  ],
  ['a watcher who did not hear the end', 'entries', 'lost', without(delivered(101, 7))],
  ['a page that does not show the end', 'entries', 'lost', instead(held, { ...held, lastSeq: 6 })],
  ['an entry that the SDK told twice', 'entries', 'doubled', instead(told(4), told(4), told(4))],
  ['an entry that the SDK skipped', 'entries', 'out of order', without(told(4))],
  ['an end that the SDK did not tell', 'entries', 'lost', without(told(7))],
  [
    'an entry that is another to somebody',
    'entries',
    'unexpected',
    instead(delivered(101, 4), { ...delivered(101, 4), what: 'something else' } as Planted),
  ],
  [
    'a conversation that nobody asked for',
    'entries',
    'unexpected',
    plus({ kind: 'entry', stream: 101, conversation: 'd', seq: 1, what: '' }),
  ],
  [
    'a reset without a reason',
    'entries',
    'unexpected',
    plus({ kind: 'reset', stream: 101, conversation: 'c', reason: 'BEYOND_HEAD', afterSeq: 7 }),
  ],
  [
    'a gap in the log',
    'entries',
    'out of order',
    without(lastOpened, announced(6, 'case_opened'), {
      kind: 'case',
      conversation: 'c',
      caseId: 'k2',
      revision: 1,
      status: 'waiting',
    }),
  ],

  [
    'a row that goes back',
    'rows',
    'out of order',
    instead(row(100, 3, 2, [2, 1]), row(100, 3, 2, [2, 1]), row(100, 2, 2, [0, 0])),
  ],
  [
    'two states of one version',
    'rows',
    'unexpected',
    instead(row(101, 9, 7, [2, 1]), { ...row(101, 9, 7, [2, 1]), digest: 'another' } as Planted),
  ],
  ['a cursor that goes back', 'rows', 'out of order', plus(row(101, 8, 7, [3, 1]))],
  [
    'a cursor beyond the head',
    'rows',
    'unexpected',
    instead(row(100, 3, 2, [2, 1]), row(100, 3, 1, [2, 1]), row(100, 3, 1, [2, 1])),
  ],
  ['a page that holds an old row', 'rows', 'lost', instead(held, { ...held, version: 3, digest: 'digest 3' })],
  [
    'a mark that was acknowledged and forgotten',
    'rows',
    'lost',
    plus(asked(20, CLIENT, 'MarkProgress', '', { delivered: 5 }), { kind: 'answer', id: 20 }),
  ],
  [
    'replicas that answer differently',
    'rows',
    'unexpected',
    instead(snapshotOfTwo, { ...snapshotOfTwo, version: 10, digest: 'digest 10' }),
  ],

  ['a page that the heartbeat did not heal', 'rows', 'lost', plus({ kind: 'not healed', text: 'client on c' })],

  ['a row that an inbox misses', 'inboxes', 'lost', instead(inbox, { ...inbox, held: {} })],
  ['an old row in an inbox', 'inboxes', 'lost', instead(inbox, { ...inbox, held: { c: 8 } })],
  ['a closed case in an inbox', 'inboxes', 'unexpected', instead(inbox, { ...inbox, listed: {} })],

  ['an announcement that never came', 'announcements', 'lost', without(announced(5, 'case_closed'))],
  ['an announcement that is stuck', 'announcements', 'lost', instead(nothingLeft, { ...nothingLeft, outbox: 1 })],
  [
    'announcements of one type out of order',
    'announcements',
    'out of order',
    all(without(announced(1, 'case_opened')), plus(announced(1, 'case_opened'))),
  ],
  ['an announcement of what is not in the log', 'announcements', 'unexpected', plus(announced(8, 'case_closed'))],
  [
    'an announcement of the wrong type',
    'announcements',
    'unexpected',
    instead(announced(5, 'case_closed'), {
      ...announced(5, 'case_closed'),
      type: 'energy.chat.case.opened.v1',
    } as Planted),
  ],

  [
    'a defect of the service',
    'failures',
    'unexpected',
    plus(asked(20, CLIENT, 'SendMessage', 'r9'), refused(20, 'Internal', 'INTERNAL')),
  ],
  [
    'a status without a reason',
    'failures',
    'unexpected',
    plus(asked(20, CLIENT, 'SendMessage', 'r9'), refused(20, 'Unknown', '')),
  ],
  [
    'a refusal that is not for clients',
    'failures',
    'unexpected',
    plus(asked(20, CLIENT, 'SendMessage', 'r9'), refused(20, 'Aborted', 'CASE_TAKEN')),
  ],
  [
    'a session that ended by itself',
    'failures',
    'unexpected',
    plus(asked(20, CLIENT, 'Refresh', ''), refused(20, 'Unauthenticated', 'SESSION_ENDED')),
  ],
  [
    'a broken connection that nobody broke',
    'failures',
    'unexpected',
    without(broken, mended, {
      kind: 'ended',
      stream: 100,
      failure: { code: 'Unavailable', reason: 'GOING_AWAY', from: 'service', text: '' },
    }),
  ],
  [
    'a stream that ended by itself',
    'failures',
    'unexpected',
    without(broken, mended, refused(1, 'Unavailable', '', 'way')),
  ],
  [
    'a replica that does not end when asked to',
    'failures',
    'unexpected',
    plus({ kind: 'ended late', replica: 'one', number: 1 }),
  ],
  [
    'somebody who was signed out',
    'failures',
    'unexpected',
    plus({ kind: 'signed out', who: 'client', reason: 'SESSION_ENDED' }),
  ],
  [
    'an error in the log of a replica',
    'failures',
    'unexpected',
    plus({ kind: 'logged', replica: 'one', text: '"level":"error"' }),
  ],
];

for (const [title, area, defect, edit] of DEFECTS) {
  test(`finds ${title}`, () => {
    const found = findingsIn(edit(keptPromises()));
    expect(found.map((finding) => [finding.area, finding.defect])).toContainEqual([area, defect]);
  });
}
