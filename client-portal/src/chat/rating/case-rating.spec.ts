import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { CaseSchema, CaseStatus } from '@energy-chat/contract/case_pb.js';
import { CaseClosedSchema } from '@energy-chat/contract/entry_pb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConversation, preparePage, until } from '../../../../chat-client/angular/testing/chat-page.js';
import { MemoryService, refusal } from '../../../../chat-client/src/testing/memory-service.js';
import en from '../../i18n/en.json';
import ro from '../../i18n/ro.json';
import { CaseRating } from './case-rating.js';

describe('the rating of a closed case', () => {
  let service: MemoryService;
  let connection: ChatConnection;
  let store: ConversationStore;
  let fixture: ComponentFixture<CaseRating>;
  let page: HTMLElement;

  beforeEach(async () => {
    service = new MemoryService();
    connection = preparePage(service, 'client', { en, ro });
    service.message('c1', 'my bill is wrong');
    store = await openConversation(connection);
    fixture = TestBed.createComponent(CaseRating);
    fixture.componentRef.setInput('store', store);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
  });
  afterEach(() => page.remove());

  const form = (): HTMLFormElement | null => page.querySelector('form');
  const star = (rating: number): HTMLInputElement | null => page.querySelector(`input[value="${rating}"]`);
  async function close(caseId = 'k1'): Promise<void> {
    const value = create(CaseClosedSchema, { case: { id: caseId } });
    service.append('c1', { case: 'caseClosed', value }, service.admin);
    await until(() => form() !== null);
  }
  function write(comment: string): void {
    const field = page.querySelector('textarea');
    if (field === null) return;
    field.value = comment;
    field.dispatchEvent(new Event('input'));
  }
  async function rate(rating: number, comment = ''): Promise<void> {
    star(rating)?.click();
    await fixture.whenStable();
    write(comment);
    form()?.dispatchEvent(new Event('submit', { cancelable: true }));
    await fixture.whenStable();
  }

  it('is asked for once the case is closed, with a name for every star and the comment only after a choice', async () => {
    expect(form()).toBeNull();
    await close();
    const names = [...page.querySelectorAll('label.visually-hidden, label .visually-hidden:not(input)')];
    expect(names.map(({ textContent }) => textContent)).toEqual([
      '1 of 5, very bad',
      '2 of 5, bad',
      '3 of 5, fair',
      '4 of 5, good',
      '5 of 5, very good',
    ]);
    expect(page.querySelector<HTMLElement>('.more')?.hidden).toBe(true);
    star(2)?.click();
    await fixture.whenStable();
    expect(page.querySelector<HTMLElement>('.more')?.hidden).toBe(false);
    expect(service.callsOf('RateCase')).toHaveLength(0);
  });

  it('goes with its comment, thanks, and is not asked for again', async () => {
    await close();
    await rate(4, ' quick ');
    await until(() => page.querySelector('.thanks') !== null);
    expect(document.activeElement).toBe(page.querySelector('.thanks'));
    expect(service.conversation('c1').entries.at(-1)?.content).toMatchObject({
      case: 'caseRated',
      value: { case: { id: 'k1' }, rating: 4, comment: 'quick' },
    });
    expect(form()).toBeNull();
  });

  it('says when it was not sent, and keeps what was chosen', async () => {
    await close();
    service.fail('RateCase', refusal(Code.PermissionDenied, 'OTHER'));
    await rate(5, 'kept');
    await until(() => page.querySelector('.failed') !== null);
    expect(star(5)?.checked).toBe(true);
    expect(page.querySelector('textarea')?.value).toBe('kept');
    await rate(5, 'kept');
    await until(() => page.querySelector('.thanks') !== null);
  });

  it('is as it was begun when the chat is closed and opened again, and of another case it begins anew', async () => {
    await close();
    star(3)?.click();
    await fixture.whenStable();
    write('half a thou');
    fixture.destroy();
    fixture = TestBed.createComponent(CaseRating);
    fixture.componentRef.setInput('store', store);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
    expect([star(3)?.checked, page.querySelector('textarea')?.value]).toEqual([true, 'half a thou']);
    await close('k2');
    await until(() => star(3)?.checked === false);
    expect(page.querySelector('textarea')?.value).toBe('');
  });

  it('thanks also for a rating that another tab has given', async () => {
    await close();
    service.fail('RateCase', refusal(Code.FailedPrecondition, 'CASE_RATED'));
    await rate(1);
    await until(() => page.querySelector('.thanks') !== null);
  });

  it('is asked for also while a message that was refused waits for its author', async () => {
    service.fail('SendMessage', refusal(Code.InvalidArgument, 'MESSAGE_TOO_LONG'));
    store.send('refused');
    await until(() => store.pending()[0]?.state === 'failed');
    await close();
  });

  it('is not in the way of who writes on', async () => {
    await close();
    const release = service.hold('SendMessage');
    store.send('one more thing');
    await until(() => form() === null);
    release();
    service.changeRow('c1', { openCase: create(CaseSchema, { id: 'k2', status: CaseStatus.WAITING }) });
    await until(() => store.row()?.openCase !== undefined && store.pending().length === 0);
    await fixture.whenStable();
    expect(form()).toBeNull();
  });
});
