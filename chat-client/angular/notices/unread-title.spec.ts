import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { UnreadTitle } from './unread-title.js';

describe('the title of the tab', () => {
  const icon = (): string =>
    decodeURIComponent(document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? '');

  beforeEach(() => {
    document.querySelector('link[rel="icon"]')?.remove();
    const link = document.createElement('link');
    link.rel = 'icon';
    link.href = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Crect/%3E%3C/svg%3E";
    document.head.append(link);
  });

  it('begins with the number of unread messages, and its icon has a dot', () => {
    const title = TestBed.inject(UnreadTitle);
    title.show('My energy', 3);
    expect(document.title).toBe('(3) My energy');
    expect(icon()).toContain('<circle');
    title.show('My energy', 0);
    expect(document.title).toBe('My energy');
    expect(icon()).not.toContain('<circle');
  });

  it('does not count on for ever', () => {
    TestBed.inject(UnreadTitle).show('My energy', 250);
    expect(document.title).toBe('(99+) My energy');
  });
});
