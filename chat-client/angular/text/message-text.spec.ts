import { TestBed } from '@angular/core/testing';
import { describe, expect, it } from 'vitest';
import { until } from '../testing/chat-page.js';
import { MessageText } from './message-text.js';

async function shown(text: string): Promise<HTMLElement> {
  const fixture = TestBed.createComponent(MessageText);
  fixture.componentRef.setInput('text', text);
  await fixture.whenStable();
  return fixture.nativeElement as HTMLElement;
}

describe('the text of a message', () => {
  it('is never HTML', async () => {
    const element = await shown('<img src=x onerror="alert(1)"><b>bold</b>');
    expect(element.children).toHaveLength(0);
    expect(element.textContent).toBe('<img src=x onerror="alert(1)"><b>bold</b>');
  });

  it('keeps every space and line break', async () => {
    const text = 'one  two\n\n  see https://example.com\nend ';
    const element = await shown(text);
    expect(element.textContent).toBe(text);
    await until(() => element.querySelector('a') !== null);
    expect(element.textContent).toBe(text);
  });

  it('opens links in a new page that knows nothing of this one', async () => {
    const element = await shown('see https://example.com/bill');
    await until(() => element.querySelector('a') !== null);
    const link = element.querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://example.com/bill');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer nofollow');
  });

  it('takes its direction from its own letters', async () => {
    expect((await shown('שלום')).getAttribute('dir')).toBe('auto');
  });
});
