import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { Code } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatConnection } from '../connection/chat-connection.js';
import { MemoryService, refusal } from '../../src/testing/memory-service.js';
import { preparePage, until } from '../testing/chat-page.js';
import { Sessions } from './sessions.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0';

describe('where one is signed in', () => {
  let service: MemoryService;
  let connection: ChatConnection;
  let fixture: ComponentFixture<Sessions>;
  let page: HTMLElement;

  beforeEach(async () => {
    // jsdom has no dialogs.
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true;
    };
    service = new MemoryService();
    connection = preparePage(service);
    for (const userAgent of ['a program nobody knows', '', FIREFOX]) {
      service.userAgent = userAgent;
      await connection.signIn('ana', 'right');
    }
  });
  afterEach(() => page.remove());

  async function show(): Promise<void> {
    fixture = TestBed.createComponent(Sessions);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
  }
  const rows = (): (string | undefined)[] =>
    [...page.querySelectorAll('li')].map((row) => row.querySelector('strong')?.textContent);
  const button = (name: string): HTMLElement => {
    const found = [...page.querySelectorAll('button')].find(
      (each) => (each.getAttribute('aria-label') ?? each.textContent.trim()) === name,
    );
    if (found === undefined) throw new Error(`There is no button ${name}`);
    return found;
  };
  const press = async (name: string): Promise<void> => {
    button(name).click();
    await fixture.whenStable();
  };
  const outcome = (): string => page.querySelector('.outcome')?.textContent.trim() ?? '';

  it('names each program in words, and marks this device, which cannot be ended', async () => {
    await show();
    await until(() => rows().length === 3);
    expect(rows()).toEqual(['a program nobody knows', 'Unknown program', 'Firefox on Linux']);
    const [first, , current] = page.querySelectorAll('li');
    expect(first?.querySelector('p')?.textContent).toMatch(/^Last used: 1 January 1970, \d\d:\d\d$/);
    expect(current?.textContent).toContain('This device');
    expect(current?.querySelector('button')).toBeNull();
  });

  it('asks before it ends one, and says so afterwards', async () => {
    await show();
    await until(() => rows().length === 3);
    await press('End the session: Unknown program');
    await until(() => document.activeElement?.textContent.trim() === 'Keep');
    await press('Keep');
    expect(service.callsOf('EndSession')).toHaveLength(0);
    await press('End the session: Unknown program');
    await press('End');
    await until(() => outcome() === 'Ended.');
    expect(rows()).toEqual(['a program nobody knows', 'Firefox on Linux']);
    expect(service.sessions.map(({ ended }) => ended)).toEqual([false, true, false]);
    await until(() => document.activeElement === page.querySelector('h2'));
  });

  it('ends all others at once', async () => {
    await show();
    await until(() => rows().length === 3);
    await press('End all others');
    await press('End');
    await until(() => rows().length === 1);
    expect(service.sessions.map(({ ended }) => ended)).toEqual([true, true, false]);
    expect(() => button('End all others')).toThrow('no button');
  });

  it('says when nothing was ended, and keeps the list', async () => {
    await show();
    await until(() => rows().length === 3);
    service.fail('EndSession', refusal(Code.FailedPrecondition, 'OTHER'));
    await press('End all others');
    await press('End');
    await until(() => outcome().startsWith('Not ended'));
    expect(rows()).toHaveLength(3);
  });

  it('offers to try again when the list cannot be had', async () => {
    service.fail('ListSessions', refusal(Code.FailedPrecondition, 'OTHER'));
    await show();
    await until(() => page.querySelector('[role="alert"]') !== null);
    await press('Try again');
    await until(() => rows().length === 3);
  });
});
