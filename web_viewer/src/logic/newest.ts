/** Runs one task at a time; of those asked for meanwhile only the newest runs, once `restMs` have passed. */
export class NewestOnly<T> {
  private running = false
  private next: { readonly value: T } | null = null

  constructor(
    private readonly task: (value: T) => Promise<void>,
    private readonly restMs: number,
  ) {}

  ask(value: T): void {
    this.next = { value }
    if (!this.running) void this.run()
  }

  private async run(): Promise<void> {
    this.running = true
    while (this.next !== null) {
      const { value } = this.next
      this.next = null
      await this.task(value)
      await new Promise((resolve) => setTimeout(resolve, this.restMs))
    }
    this.running = false
  }
}
