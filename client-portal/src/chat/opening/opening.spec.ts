import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import type { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { CaseSchema, CaseStatus, CaseTopic } from '@energy-chat/contract/case_pb.js';
import { CaseClosedSchema, CaseOpenedSchema } from '@energy-chat/contract/entry_pb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConversation, preparePage, until } from '../../../../chat-client/angular/testing/chat-page.js';
import { MemoryService } from '../../../../chat-client/src/testing/memory-service.js';
import en from '../../i18n/en.json';
import ro from '../../i18n/ro.json';
import { Acknowledgement } from './acknowledgement.js';
import { TopicChoice } from './topic-choice.js';

const waiting = create(CaseSchema, { id: 'k1', status: CaseStatus.WAITING });

describe('the opening of a case', () => {
  let service: MemoryService;
  let connection: ChatConnection;
  let store: ConversationStore;
  let page: HTMLElement;

  beforeEach(async () => {
    service = new MemoryService();
    connection = preparePage(service, 'client', { en, ro });
    store = await openConversation(connection);
  });
  afterEach(() => page.remove());

  async function show<T>(component: new () => T): Promise<ComponentFixture<T>> {
    const fixture = TestBed.createComponent(component);
    fixture.componentRef.setInput('store', store);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
    return fixture;
  }

  const topics = (): HTMLInputElement[] => [...page.querySelectorAll('input')];
  const words = (): string => page.querySelector('[role="status"]')?.textContent ?? '';

  it('goes with the topic that was chosen, once', async () => {
    await show(TopicChoice);
    expect(topics().map(({ checked }) => checked)).toEqual([false, false, false, false]);
    topics()[1]?.click();
    const release = service.hold('SendMessage');
    store.send('my meter');
    store.send('and more');
    expect(store.pending().map(({ topic }) => topic)).toEqual([CaseTopic.READING, undefined]);
    await until(() => topics().length === 0);
    release();
  });

  it('asks for no topic while a case is open', async () => {
    await show(TopicChoice);
    service.changeRow('c1', { openCase: waiting });
    await until(() => topics().length === 0);
    service.changeRow('c1', { openCase: undefined });
    await until(() => topics().length === 4);
  });

  it('asks for no topic before the rating, unless its person writes already', async () => {
    await show(TopicChoice);
    service.append('c1', { case: 'caseClosed', value: create(CaseClosedSchema, { case: waiting }) }, service.admin);
    await until(() => topics().length === 0);
    store.draft.set('one more thing');
    await until(() => topics().length === 4);
  });

  it('is acknowledged with what is known of support, until somebody has it', async () => {
    await show(Acknowledgement);
    expect(words()).toBe('');
    service.append('c1', { case: 'caseOpened', value: create(CaseOpenedSchema, { case: waiting }) });
    service.changeRow('c1', { openCase: waiting });
    await until(() => words() === 'Your message reached us.');
    const presence = (available: boolean): void =>
      service.stream.send({ case: 'presence', value: { subject: { case: 'support', value: { available } } } });
    presence(true);
    await until(() => words().includes('We are here now and answer shortly.'));
    presence(false);
    await until(() => words().includes('Nobody is here right now; we answer as soon as we are back.'));
    service.changeRow('c1', { openCase: create(CaseSchema, { id: 'k1', status: CaseStatus.ASSIGNED }) });
    await until(() => words() === '');
  });

  it('by support is not acknowledged', async () => {
    await show(Acknowledgement);
    service.append('c1', { case: 'caseOpened', value: create(CaseOpenedSchema, { case: waiting }) }, service.admin);
    service.changeRow('c1', { openCase: waiting });
    await until(() => store.row()?.openCase?.id === 'k1' && store.entries().length === 1);
    expect(words()).toBe('');
  });
});
