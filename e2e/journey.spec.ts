import { Code } from '@connectrpc/connect';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { expect, test } from '@playwright/test';
import { callsNaming } from './support/calls-naming.js';
import { Deployment } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { logOf } from './support/log-of.js';
import { NewChats } from './support/new-chats.js';
import { Page, textsOf } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import { refusalOf } from './support/refusal.js';
import type { Replica } from './support/replica.js';
import { secretsIn } from './support/secrets.js';
import { shownCase } from './support/shown-case.js';
import { soon } from './support/soon.js';
import { nativeWay } from './support/way.js';
import { oneTo, words } from './support/words.js';

/** Clients are on replica one, support on replica two: everything between them passes through the log. */
test.describe.serial('a client and an administrator on two replicas', () => {
  let deployment: Deployment;
  let newChats: NewChats;
  const people: Person[] = [];

  const signIn = async (identity: Identity, replica: Replica): Promise<Person> => {
    const person = await Person.signIn(identity, [nativeWay(replica)]);
    people.push(person);
    return person;
  };
  const clientWithPage = async (number: number): Promise<Page> => {
    const person = await signIn(client(number), deployment.one);
    const { conversation } = await person.chat.getMyConversation();
    return Page.open(person, conversation.id, 'front');
  };

  let ana: Page;
  let ben: Page;
  let maria: Person;
  let victor: Person;

  test.beforeAll(async () => {
    const brokerUrl = givenUrl('TEST_RABBITMQ_URL');
    deployment = await Deployment.start({ mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl });
    newChats = await NewChats.listen(brokerUrl);
    [ana, ben, maria, victor] = await Promise.all([
      clientWithPage(1),
      clientWithPage(2),
      signIn(admin(1), deployment.two),
      signIn(admin(2), deployment.two),
    ]);
    maria.watchInbox();
    await soon(() => maria.watch.status).toBe('live');
  });

  test.afterAll(async () => {
    for (const person of people) person.close();
    await newChats?.close();
    await deployment?.close();
  });

  test('two clients write at once, and the inbox shows both with names and ids', async () => {
    await Promise.all([ana.send(words('my bill is wrong')), ben.send(words('the meter is stuck'))]);

    const shown = (page: Page) => maria.rows.get(page.view.conversationId);
    for (const [page, login, id] of [
      [ana, 'client1', '4'],
      [ben, 'client2', '5'],
    ] as const) {
      await soon(() => shown(page)).toMatchObject({
        client: { id, login, displayName: login },
        preview: page.texts[0],
        supportProgress: { unread: 1 },
      });
    }
    const { conversations } = await maria.chat.listConversations({ filter: InboxFilter.WAITING });
    const listed = conversations.map((row) => [row.client?.id, row.client?.displayName, row.preview]).sort();
    expect(listed).toEqual([
      ['4', 'client1', words('my bill is wrong')],
      ['5', 'client2', words('the meter is stuck')],
    ]);
    expect(await maria.chat.getCounts()).toMatchObject({ waiting: 2, mine: 0, others: 0 });
  });

  test('both new chats are announced with their client, and without a word of what was written', async () => {
    const ids = [ana, ben].map(({ view }) => view.conversationId);
    await soon(() => newChats.idsOf(ids).sort(), 10_000).toEqual(ids.map((id) => `${id}/1/case_opened`).sort());
    for (const [page, login, id] of [
      [ana, 'client1', '4'],
      [ben, 'client2', '5'],
    ] as const) {
      expect(newChats.heard.find(({ subject }) => subject === page.view.conversationId)).toMatchObject({
        specversion: '1.0',
        id: `${page.view.conversationId}/1/case_opened`,
        type: 'energy.chat.case.opened.v1',
        data: { client: { id, login, display_name: login }, case: { number: 1, status: 'waiting' } },
      });
    }
    expect(newChats.bodies.filter((body) => body.includes(words('')))).toEqual([]);
  });

  test('while a case waits, nobody who looks reads for support', async () => {
    const { conversationId } = ana.view;
    await maria.chat.markProgress({ conversationId, deliveredSeq: 2, readSeq: 2 });
    const { conversation } = await maria.chat.getConversation(conversationId);
    expect(conversation.supportProgress).toMatchObject({ deliveredSeq: 2, readSeq: 0, unread: 1 });
  });

  let mariaWithAna: Page;
  let mariaWithBen: Page;

  test('she claims one and answers the other directly', async () => {
    mariaWithAna = await Page.open(maria, ana.view.conversationId, 'background');
    mariaWithBen = await Page.open(maria, ben.view.conversationId, 'background');
    await soon(() => [mariaWithAna.view.row, mariaWithBen.view.row].includes(undefined)).toBe(false);

    const { case: claimed } = await maria.chat.claim(shownCase(mariaWithAna));
    expect(claimed).toMatchObject({ assignee: { id: '1', displayName: 'admin1' }, revision: 2 });
    await mariaWithBen.send(words('I am looking at your meter'));

    await soon(() => ana.kinds).toEqual(['caseOpened', 'message', 'caseAssigned']);
    await soon(() => ben.kinds).toEqual(['caseOpened', 'message', 'caseAssigned', 'message']);
    expect(ben.texts).toEqual([words('the meter is stuck'), words('I am looking at your meter')]);
    await soon(() => ana.view.row?.openCase?.assignee?.displayName).toBe('admin1');
    expect(await maria.chat.getCounts()).toMatchObject({ waiting: 0, mine: 2, others: 0 });
  });

  test('typing shows within a second each way, and ends by itself or with the message', async () => {
    const { conversationId } = ana.view;
    const typists = (page: Page) => page.view.typing.map(({ side, displayName }) => [displayName, side]);
    const began = performance.now();
    await Promise.all([ana.person.chat.setTyping(conversationId, true), maria.chat.setTyping(conversationId, true)]);
    const [client, support] = [1, 2];
    await soon(() => typists(mariaWithAna), 1_000).toEqual([['client1', client]]);
    await soon(() => typists(ana), 1_000).toEqual([['admin1', support]]);
    expect(performance.now() - began).toBeLessThan(1_000);

    await mariaWithAna.send(words('which bill is it?'));
    await soon(() => typists(ana), 1_000).toEqual([]);
    // Nobody says that client1 has stopped: the page knows by itself.
    await soon(() => typists(mariaWithAna), 7_000).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(4_000);
    expect(performance.now() - began).toBeLessThan(6_000);
  });

  test('a message is delivered in a background page, and read only in front of the assignee', async () => {
    const { conversationId } = ana.view;
    const message = await ana.send(words('the one of March'));
    await soon(() => ana.view.tickOf(message)).toBe('delivered');

    // Her colleague has it in front of him, and his page says so in every way it can.
    const victorWithAna = await Page.open(victor, conversationId, 'front');
    await soon(() => victorWithAna.texts.at(-1)).toBe(words('the one of March'));
    await victor.chat.markProgress({ conversationId, deliveredSeq: message.seq, readSeq: message.seq });
    const { conversation } = await victor.chat.getConversation(conversationId);
    expect(conversation.supportProgress?.deliveredSeq).toBe(message.seq);
    expect(conversation.supportProgress?.readSeq).toBeLessThan(message.seq);
    expect(conversation.supportProgress?.unread).toBe(2);
    expect(ana.view.tickOf(message)).toBe('delivered');

    mariaWithAna.bringToFront();
    await soon(() => ana.view.tickOf(message)).toBe('read');
    await soon(() => mariaWithAna.view.row?.supportProgress?.unread).toBe(0);
  });

  test("the client's page says no more than it has shown, either", async () => {
    const phone = await signIn(client(3), deployment.one);
    const { conversation } = await phone.chat.getMyConversation();
    const lea = await Page.open(phone, conversation.id, 'background');
    await lea.send(words('is there an outage?'));
    const mariaWithLea = await Page.open(maria, conversation.id, 'front');
    const answer = await mariaWithLea.send(words('not that we know of'));
    await soon(() => mariaWithLea.view.tickOf(answer)).toBe('delivered');
    expect(lea.view.row?.clientProgress).toMatchObject({ readSeq: 0, unread: 1 });
    lea.bringToFront();
    await soon(() => mariaWithLea.view.tickOf(answer)).toBe('read');
  });

  test("a second administrator's claim and reply are refused with the first one's name, and leave nothing", async () => {
    const { conversationId } = ana.view;
    const waiting = { conversationId, caseId: ana.view.row?.openCase?.id ?? '', revision: 1 };
    const now = { ...waiting, revision: ana.view.row?.openCase?.revision ?? 0 };
    const before = await victor.chat.getConversation(conversationId);
    const threadBefore = await logOf(victor.chat, conversationId);

    const facts = { assignee_id: '1', assignee_name: 'admin1' };
    const reply = (seenCase: typeof now) => victor.chat.sendMessage(conversationId, words('let me'), { seenCase });
    const outOfDate = [() => victor.chat.claim(waiting), () => victor.chat.claim(now), () => reply(waiting)];
    for (const attempt of outOfDate) {
      expect(await refusalOf(attempt())).toMatchObject({ code: Code.Aborted, reason: 'CASE_TAKEN', facts });
    }
    const assigned = { code: Code.FailedPrecondition, reason: 'CASE_ASSIGNED', facts };
    expect(await refusalOf(reply(now))).toMatchObject(assigned);

    expect(await logOf(victor.chat, conversationId)).toEqual(threadBefore);
    expect((await victor.chat.getConversation(conversationId)).conversation).toEqual(before.conversation);
    const written = await deployment.query('SELECT seq FROM entry WHERE body LIKE ?', ['%let me%']);
    expect(written).toEqual([]);
  });

  test('of three who claim at once one wins, and the others are told who', async () => {
    const eva = await signIn(admin(3), deployment.one);
    const mihai = await clientWithPage(4);
    await mihai.send(words('hello?'));
    await soon(() => mihai.view.row?.openCase?.revision).toBe(1);
    const shown = shownCase(mihai);
    const outcomes = await Promise.allSettled([maria, victor, eva].map(({ chat }) => chat.claim(shown)));

    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.case?.assignee] : []));
    expect(won).toHaveLength(1);
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const facts = { assignee_id: won[0]?.id, assignee_name: won[0]?.displayName };
    expect(lost).toEqual(oneTo(2).map(() => expect.objectContaining({ reason: 'CASE_TAKEN', facts })));
    await soon(() => mihai.kinds).toEqual(['caseOpened', 'message', 'caseAssigned']);
  });

  test('a claim succeeds while the client sends ten messages', async () => {
    const ioana = await clientWithPage(5);
    await ioana.send(words('first'));
    await soon(() => ioana.view.row?.openCase?.revision).toBe(1);
    const shown = shownCase(ioana);
    const ten = oneTo(10).map((number) => words(`more ${number}`));
    const [claimed] = await Promise.all([
      maria.chat.claim(shown),
      ...ten.map((text) => ioana.person.chat.sendMessage(ioana.view.conversationId, text)),
    ]);
    expect(claimed.case).toMatchObject({ assignee: { displayName: 'admin1' }, revision: 2 });
    await soon(() => ioana.seqs).toEqual(oneTo(13));
    expect(ioana.kinds.filter((kind) => kind === 'caseAssigned')).toHaveLength(1);
    expect([...ioana.texts].sort()).toEqual([words('first'), ...ten].sort());
  });

  test('a message that its author mends or takes back is so on every page, and nothing of the old text is left', async () => {
    const radu = await clientWithPage(6);
    const { seq: mended } = await radu.send(words('my metre is stuck'));
    const { seq: taken } = await radu.send(words('not for you'));
    const looking = await Page.open(victor, radu.view.conversationId, 'background');
    await soon(() => looking.texts).toEqual([words('my metre is stuck'), words('not for you')]);

    await radu.view.edit(mended, words('my meter is stuck'));
    await radu.view.remove(taken);
    for (const page of [radu, looking]) await soon(() => page.texts).toEqual([words('my meter is stuck'), '']);
    await soon(() => looking.view.row).toMatchObject({
      preview: words('my meter is stuck'),
      supportProgress: { unread: 1 },
    });
    expect(await refusalOf(looking.view.edit(mended, words('mine now')))).toMatchObject({ reason: 'NOT_YOUR_MESSAGE' });

    // Who comes later, on either replica, never hears the old texts.
    const late = await Promise.all(
      [maria, await signIn(client(6), deployment.two)].map((person) =>
        Page.open(person, radu.view.conversationId, 'background'),
      ),
    );
    for (const page of late) expect(page.texts).toEqual([words('my meter is stuck'), '']);
    expect(newChats.bodies.filter((body) => body.includes('stuck') || body.includes('not for you'))).toEqual([]);
  });

  test("a client asking for another's conversation is refused by every method that names one", async () => {
    const { conversationId } = ben.view;
    const before = await maria.chat.getConversation(conversationId);
    const calls = callsNaming(conversationId);
    // Else this test would pass by asking nothing.
    expect(calls.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'GetConversation',
        'ListEntries',
        'SendMessage',
        'EditMessage',
        'RemoveMessage',
        'MarkProgress',
        'SetTyping',
        'Watch',
      ]),
    );
    const outsider = nativeWay(deployment.one).connect();
    try {
      for (const { name, call } of calls) {
        const { token } = await ana.person.session.grant();
        const refused = await refusalOf(call(outsider.transport, token));
        expect([name, refused.code]).toEqual([name, Code.PermissionDenied]);
      }
    } finally {
      outsider.close();
    }
    expect(await maria.chat.getConversation(conversationId)).toEqual(before);
    expect(ana.person.told.filter((entry) => entry.conversationId === conversationId)).toEqual([]);
  });

  test('every page shows the log as it is, told once and in order on every stream', async () => {
    for (const page of [ana, ben, mariaWithAna, mariaWithBen]) {
      const log = await logOf(maria.chat, page.view.conversationId);
      await soon(() => page.texts).toEqual(textsOf(log));
      expect(page.seqs).toEqual(oneTo(log.length));
    }
    expect(people.flatMap(({ record }) => record.disorder())).toEqual([]);
    expect(people.flatMap(({ statuses }) => statuses).filter((status) => status === 'reconnecting')).toEqual([]);
  });

  test("the replicas' logs hold no message, password, token or unexpected error", () => {
    expect(deployment.logs).toContain('/energy.chat.v1.ConversationService/SendMessage');
    expect(people.flatMap(({ record }) => record.accessTokens).length).toBeGreaterThanOrEqual(people.length);
    expect(deployment.logs).not.toMatch(/"level":"(error|fatal)"/);
    expect(secretsIn(deployment.logs, people)).toEqual([]);
  });
});
