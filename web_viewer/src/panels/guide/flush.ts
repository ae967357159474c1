/** Lets promises that wait for answers and watchers go on. */
export async function flushPromises(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, 0))
}
