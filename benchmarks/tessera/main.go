// SPDX-License-Identifier: Apache-2.0

// A peer of benchmarks/log.py: Tessera over its POSIX driver. It needs nothing of ours.
//
//	tessera BUNDLE FOLDER CLIENTS SECONDS BATCH
//
// BUNDLE holds the leaves (C2SP framing: each behind its length), FOLDER becomes the log. So many clients append, each of
// which waits until Tessera's future resolves before it sends the next: from then on the entry is kept and, with this
// driver, integrated. The checkpoint that is published is not waited for. A batch closes after 20 ms or BATCH entries.
// A leaf that comes round again differs in its first eight bytes. One JSON object is printed; exit code 1 if the log then
// lacks a record that was acknowledged.
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	age        = 20 * time.Millisecond
	checkpoint = time.Second
	warm       = 300 * time.Millisecond
	origin     = "bench.invalid"
)

type said struct {
	Records int     `json:"records"`
	CPU     float64 `json:"cpu_s"`
	Took    float64 `json:"took_s"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 6 {
		log.Fatal("usage: tessera BUNDLE FOLDER CLIENTS SECONDS BATCH")
	}
	bundle, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	clients, seconds, batch := number(os.Args[3]), number(os.Args[4]), number(os.Args[5])
	result, err := run(leaves(bundle), os.Args[2], clients, time.Duration(seconds)*time.Second, uint(batch))
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}

func number(word string) int {
	found, err := strconv.Atoi(word)
	if err != nil || found < 1 {
		log.Fatalf("%q is no whole number from 1 on", word)
	}
	return found
}

func leaves(bundle []byte) [][]byte {
	var found [][]byte
	for len(bundle) > 2 {
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length || length < 8 {
			log.Fatal("the bundle is cut short, or has a leaf of less than eight bytes")
		}
		found = append(found, bundle[2:2+length])
		bundle = bundle[2+length:]
	}
	if len(found) == 0 {
		log.Fatal("the bundle is empty")
	}
	return found
}

func run(work [][]byte, folder string, clients int, length time.Duration, batch uint) (said, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	secret, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return said{}, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return said{}, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return said{}, err
	}
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).
		WithCheckpointInterval(checkpoint).WithBatching(batch, age)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return said{}, err
	}
	before, err := appended(ctx, appender, work, clients, warm, 0)
	if err != nil {
		return said{}, err
	}
	used, start := cpu(), time.Now()
	waits, err := appended(ctx, appender, work, clients, length, len(before))
	if err != nil {
		return said{}, err
	}
	took, spent := time.Since(start), cpu()-used
	kept, err := reader.IntegratedSize(ctx)
	if err != nil {
		return said{}, err
	}
	if kept != uint64(len(before)+len(waits)) {
		return said{}, fmt.Errorf("%d records are kept of %d that were counted", kept, len(before)+len(waits))
	}
	// Returns once a checkpoint is published that commits to all of them.
	if err := shutdown(ctx); err != nil {
		return said{}, err
	}
	slices.Sort(waits)
	ms := func(at int) float64 { return waits[at].Seconds() * 1e3 }
	return said{len(waits), spent.Seconds(), took.Seconds(), ms(len(waits) / 2), ms(len(waits) * 99 / 100)}, nil
}

// appended has each client append, one entry after the other, until the time is over; how long each entry took.
// `from` is the number of the first entry: no two are alike.
func appended(ctx context.Context, to *tessera.Appender, work [][]byte, clients int, length time.Duration, from int) ([]time.Duration, error) {
	var all sync.WaitGroup
	waits, failed := make([][]time.Duration, clients), make([]error, clients)
	start := time.Now()
	for client := range clients {
		all.Go(func() {
			for at := 0; time.Since(start) < length; at++ {
				index := at*clients + client
				leaf := slices.Clone(work[index%len(work)])
				binary.BigEndian.PutUint64(leaf, uint64(from)<<32|uint64(index))
				before := time.Now()
				if _, err := to.Add(ctx, tessera.NewEntry(leaf))(); err != nil {
					failed[client] = err
					return
				}
				waits[client] = append(waits[client], time.Since(before))
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(waits...), nil
}

func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
