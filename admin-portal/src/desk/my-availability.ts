import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import { AvailabilityKeeper } from '@energy-chat/client';
import { DeskParts } from './desk-parts.js';

/** Whether clients are told that this administrator is there, from when the desk opens until it closes. */
@Injectable()
export class MyAvailability {
  private readonly told = signal<boolean | undefined>(undefined);
  private readonly failed = signal(false);
  private readonly keeper: AvailabilityKeeper;

  /** Undefined until the service has said so. */
  readonly isAvailable = this.told.asReadonly();
  /** The last choice did not reach the service. */
  readonly couldNotBeTold = this.failed.asReadonly();

  constructor() {
    const { chat, watch } = inject(DeskParts);
    this.keeper = new AvailabilityKeeper(chat, watch, (isAvailable) => this.told.set(isAvailable));
    this.keeper.start();
    inject(DestroyRef).onDestroy(() => this.keeper.stop());
  }

  async toggle(): Promise<void> {
    this.failed.set(false);
    try {
      await this.keeper.set(this.told() !== true);
    } catch {
      this.failed.set(true);
    }
  }
}
