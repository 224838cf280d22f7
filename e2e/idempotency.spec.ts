import { toJsonString } from '@bufbuild/protobuf';
import { newRequestId } from '@energy-chat/client';
import { EntrySchema } from '@energy-chat/contract/entry_pb.js';
import { ClaimCaseResponseSchema } from '@energy-chat/contract/inbox_pb.js';
import { Code } from '@connectrpc/connect';
import { expect, test } from '@playwright/test';
import { Deployment } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { logOf } from './support/log-of.js';
import { LostAnswers } from './support/lost-answers.js';
import { textsOf } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import { refusalOf } from './support/refusal.js';
import type { Replica } from './support/replica.js';
import { nativeWay, type Way } from './support/way.js';
import { oneTo, words } from './support/words.js';

test.describe('one request, however often it is tried', () => {
  let deployment: Deployment;
  const people: Person[] = [];

  const signIn = async (identity: Identity, ...ways: readonly [Way, ...Way[]]): Promise<Person> => {
    const person = await Person.signIn(identity, ways);
    people.push(person);
    return person;
  };
  const at = (replica: Replica): Way => nativeWay(replica);
  const conversationOf = async ({ chat }: Person): Promise<string> => {
    const { conversation } = await chat.getMyConversation();
    return conversation.id;
  };
  /** 100 tries in parallel, alternating between the two devices. */
  const hundred = <T>(devices: readonly [Person, Person], attempt: (device: Person, number: number) => Promise<T>) =>
    Promise.all(oneTo(100).map((number) => attempt(number % 2 === 0 ? devices[0] : devices[1], number)));

  test.beforeAll(async () => {
    deployment = await Deployment.start({
      mysqlUrl: givenUrl('TEST_MYSQL_URL'),
      brokerUrl: givenUrl('TEST_RABBITMQ_URL'),
    });
  });

  test.afterAll(async () => {
    for (const person of people) person.close();
    await deployment?.close();
  });

  test('what its sender gave up is not carried out by a replica that wakes later', async () => {
    const { one, two } = deployment;
    const lea = await signIn(client(8), at(two));
    const conversationId = await conversationOf(lea);
    await lea.chat.sendMessage(conversationId, words('hello?'));
    const maria = await signIn(admin(2), at(one));
    await maria.chat.getConversation(conversationId);

    one.freeze();
    const givingUp = new AbortController();
    const sent = maria.chat.sendMessage(conversationId, words('too late'), { signal: givingUp.signal });
    const refusal = refusalOf(sent);
    // On its way by then: others go there and back.
    for (let calls = 0; calls < 5; calls += 1) await lea.chat.getConversation(conversationId);
    givingUp.abort();
    expect(await refusal).toMatchObject({ code: Code.Canceled });
    for (let calls = 0; calls < 5; calls += 1) await lea.chat.getConversation(conversationId);
    one.thaw();

    await maria.chat.sendMessage(conversationId, words('in time'));
    expect(textsOf(await logOf(lea.chat, conversationId))).toEqual([words('hello?'), words('in time')]);
  });

  test('100 parallel tries over both replicas give one entry, the first text and the same answer', async () => {
    const devices = await Promise.all([signIn(client(1), at(deployment.one)), signIn(client(1), at(deployment.two))]);
    const conversationId = await conversationOf(devices[0]);
    const requestId = newRequestId();
    const entries = await hundred(devices, ({ chat }, number) =>
      chat.sendMessage(conversationId, words(`try ${number}`), { requestId }),
    );
    expect(new Set(entries.map((entry) => toJsonString(EntrySchema, entry))).size).toBe(1);

    const log = await logOf(devices[1].chat, conversationId);
    expect(log.map(({ content }) => content.case)).toEqual(['caseOpened', 'message']);
    expect(log[1]).toEqual(entries[0]);
    const { conversation } = await devices[0].chat.getConversation(conversationId);
    expect(conversation.supportProgress?.unread).toBe(1);
    const cases = await deployment.query('SELECT id FROM support_case WHERE conversation_id = ?', [conversationId]);
    expect(cases).toHaveLength(1);
  });

  test("100 parallel tries of an administrator's reply claim and write once", async () => {
    const person = await signIn(client(2), at(deployment.one));
    const conversationId = await conversationOf(person);
    await person.chat.sendMessage(conversationId, words('hello'));
    const devices = await Promise.all([signIn(admin(1), at(deployment.one)), signIn(admin(1), at(deployment.two))]);
    const { conversation } = await devices[0].chat.getConversation(conversationId);
    const seenCase = { caseId: conversation.openCase?.id ?? '', revision: 1 };
    const requestId = newRequestId();
    const entries = await hundred(devices, ({ chat }) =>
      chat.sendMessage(conversationId, words('good morning'), { requestId, seenCase }),
    );
    expect(new Set(entries.map((entry) => toJsonString(EntrySchema, entry))).size).toBe(1);
    const log = await logOf(person.chat, conversationId);
    expect(log.map(({ content }) => content.case)).toEqual(['caseOpened', 'message', 'caseAssigned', 'message']);
  });

  test('100 parallel tries of a claim give one entry and the same answer', async () => {
    const person = await signIn(client(3), at(deployment.one));
    const conversationId = await conversationOf(person);
    await person.chat.sendMessage(conversationId, words('hello'));
    const devices = await Promise.all([signIn(admin(2), at(deployment.one)), signIn(admin(2), at(deployment.two))]);
    const { conversation } = await devices[0].chat.getConversation(conversationId);
    const shown = { conversationId, caseId: conversation.openCase?.id ?? '', revision: 1 };
    const requestId = newRequestId();
    const answers = await hundred(devices, ({ chat }) => chat.claim(shown, { requestId }));
    expect(new Set(answers.map((answer) => toJsonString(ClaimCaseResponseSchema, answer))).size).toBe(1);
    const log = await logOf(person.chat, conversationId);
    expect(log.map(({ content }) => content.case)).toEqual(['caseOpened', 'message', 'caseAssigned']);
  });

  test('after lost answers the SDK tries again, at the other replica too, and gets the one entry', async () => {
    const lift = new LostAnswers('SendMessage', 3);
    const through = (way: Way): Way => ({
      name: way.name,
      connect: (...interceptors) => way.connect(lift.interceptor, ...interceptors),
    });
    const person = await signIn(client(4), through(at(deployment.one)), through(at(deployment.two)));
    const conversationId = await conversationOf(person);
    const entry = await person.chat.sendMessage(conversationId, words('from the lift'));
    expect(lift.lost).toBe(3);
    const log = await logOf(person.chat, conversationId);
    expect(textsOf(log)).toEqual([words('from the lift')]);
    expect(log[1]).toEqual(entry);
  });

  test('after a new sign-in the same request gets the same answer and no second effect', async () => {
    const before = await signIn(client(5), at(deployment.one));
    const conversationId = await conversationOf(before);
    const requestId = newRequestId();
    const first = await before.chat.sendMessage(conversationId, words('one'), { requestId });
    await before.session.signOut();
    const after = await signIn(client(5), at(deployment.two));
    const again = await after.chat.sendMessage(conversationId, words('two'), { requestId });
    expect(again).toEqual(first);
    expect(textsOf(await logOf(after.chat, conversationId))).toEqual([words('one')]);
  });

  test('the same id of another person or in another conversation is another request', async () => {
    const [left, right] = await Promise.all([
      signIn(client(6), at(deployment.one)),
      signIn(client(7), at(deployment.two)),
    ]);
    const [leftId, rightId] = await Promise.all([conversationOf(left), conversationOf(right)]);
    const requestId = newRequestId();
    await Promise.all([
      left.chat.sendMessage(leftId, words('left'), { requestId }),
      right.chat.sendMessage(rightId, words('right'), { requestId }),
    ]);
    const supporter = await signIn(admin(3), at(deployment.one));
    await supporter.chat.sendMessage(leftId, words('yes?'), { requestId });
    expect(textsOf(await logOf(left.chat, leftId))).toEqual([words('left'), words('yes?')]);
    expect(textsOf(await logOf(right.chat, rightId))).toEqual([words('right')]);
  });
});
