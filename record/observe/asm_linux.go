package observe

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// Places on a program's stack.
const (
	stackKey   = -8  // u64
	stackIndex = -12 // u32
	stackPart  = -32 // struct iovec
	stackLeft  = -40 // u64, remaining bytes of a scattered call
	stackParts = -48 // address of its next struct iovec
	stackSkip  = -56 // u64, bytes of the first part that belong to earlier calls
	stackTmp   = -64
	stackMore  = -104 // up to -64, for a program's own use
)

// assembler assembles a program. In all programs R6 is the head in the
// scratch buffer once scratch was called, R7 the address of bytes, R8 their
// number, and R9 the position of the first in its stream. Every failure
// jumps to "exit".
type assembler struct {
	asm.Instructions
	p      *probe
	labels int
}

func (a *assembler) add(ins ...asm.Instruction) { a.Instructions = append(a.Instructions, ins...) }

func (a *assembler) label(name string) { a.add(asm.Mov.Imm(asm.R0, 0).WithSymbol(name)) }

// unique returns a label that is not used yet.
func (a *assembler) unique() string {
	a.labels++
	return fmt.Sprint("label ", a.labels)
}

// end adds the label "exit" and returns the program.
func (a *assembler) end() asm.Instructions {
	a.add(asm.Mov.Imm(asm.R0, 0).WithSymbol("exit"), asm.Return())
	return a.Instructions
}

// element loads the address of an array's element into R0.
func (a *assembler) element(fd int, index int32) {
	a.add(
		asm.StoreImm(asm.RFP, stackIndex, int64(index), asm.Word),
		asm.LoadMapPtr(asm.R1, fd),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackIndex),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
	)
}

// scratch loads the address of the buffer into R6, and initialises the head in
// it.
func (a *assembler) scratch() {
	a.element(a.p.scratch.FD(), 0)
	a.add(
		asm.Mov.Reg(asm.R6, asm.R0),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R6, headTime, asm.R0, asm.DWord),
		asm.Mov.Imm(asm.R0, 0),
		asm.StoreMem(asm.R6, headPlace, asm.R0, asm.DWord),
		asm.StoreMem(asm.R6, headLen, asm.R0, asm.Word),
		asm.StoreMem(asm.R6, headPID, asm.R0, asm.DWord), // and headFD
	)
}

// counted adds R8 to one of the counters, and loads its previous value into R9.
func (a *assembler) counted(index int32) {
	a.element(a.p.count.FD(), index)
	fetch := asm.FetchAdd.Mem(asm.R0, asm.R9, asm.DWord, 0)
	fetch.Constant = int64(asm.FetchAdd >> 8) // the library (0.22.0) omits it, and with it the fetch
	a.add(asm.Mov.Reg(asm.R9, asm.R8), fetch)
}

// kind sets the head's kind.
func (a *assembler) kind(kind int32) {
	a.add(asm.Mov.Imm(asm.R1, kind), asm.StoreMem(asm.R6, headKind, asm.R1, asm.Word))
}

// Flags of bpf_ringbuf_output.
const (
	noWakeup    = 1
	forceWakeup = 2
)

// send sends size bytes, the head and its data, wakes the reader, and exits.
func (a *assembler) send(kind, size int32) {
	a.kind(kind)
	if kind == kindEnd {
		a.element(a.p.count.FD(), countEnd)
		a.add(asm.Mov.Imm(asm.R1, 1), asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord))
	}
	a.add(
		asm.LoadMapPtr(asm.R1, a.p.rb.FD()), asm.Mov.Reg(asm.R2, asm.R6), asm.Mov.Imm(asm.R3, size), asm.Mov.Imm(asm.R4, forceWakeup),
		asm.FnRingbufOutput.Call(),
		asm.Ja.Label("exit"),
	)
}

// part sends R8 bytes of user memory at R7, in at most n messages of the head's
// kind.
func (a *assembler) part(n int) {
	done := a.unique()
	for i := range n {
		off, next, calm := int32(i*pieceSize), a.unique(), a.unique()
		length := func(to asm.Register) {
			small := a.unique()
			a.add(
				asm.Mov.Reg(to, asm.R8), asm.Sub.Imm(to, off),
				asm.JLE.Imm(to, pieceSize, small), asm.Mov.Imm(to, pieceSize),
				asm.Mov.Reg(to, to).WithSymbol(small),
			)
		}
		a.add(asm.JLE.Imm(asm.R8, off, done),
			asm.Mov.Reg(asm.R1, asm.R9), asm.Add.Imm(asm.R1, off), asm.StoreMem(asm.R6, headPlace, asm.R1, asm.DWord))
		length(asm.R2)
		a.add(
			asm.StoreMem(asm.R6, headLen, asm.R2, asm.Word),
			asm.Mov.Reg(asm.R3, asm.R7), asm.Add.Imm(asm.R3, off),
			asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, headSize),
			asm.FnProbeReadUser.Call(),
			asm.JNE.Imm(asm.R0, 0, next),
			// Wake the ring's reader only when much waits in it.
			asm.LoadMapPtr(asm.R1, a.p.rb.FD()), asm.Mov.Imm(asm.R2, 0),
			asm.FnRingbufQuery.Call(),
			asm.Mov.Imm(asm.R4, noWakeup),
			asm.JLE.Imm(asm.R0, int32(ringBytes/8), calm), asm.Mov.Imm(asm.R4, forceWakeup),
		)
		a.label(calm)
		length(asm.R3)
		a.add(
			asm.Add.Imm(asm.R3, headSize),
			asm.LoadMapPtr(asm.R1, a.p.rb.FD()), asm.Mov.Reg(asm.R2, asm.R6),
			asm.FnRingbufOutput.Call(),
		)
		a.label(next)
	}
	a.label(done)
}

// scattered sends the bytes that a call with several parts has read or written.
// The stack holds the address of the list of parts; read reads from that list.
func (a *assembler) scattered(read asm.BuiltinFunc) {
	for i := range partsMax {
		whole := a.unique()
		a.add(
			asm.LoadMem(asm.R8, asm.RFP, stackLeft, asm.DWord),
			asm.JSLE.Imm(asm.R8, 0, "exit"),
			asm.LoadMem(asm.R3, asm.RFP, stackParts, asm.DWord),
			asm.Mov.Imm(asm.R2, 16),
			asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, stackPart),
			read.Call(),
			asm.JNE.Imm(asm.R0, 0, "exit"),
			asm.LoadMem(asm.R1, asm.RFP, stackParts, asm.DWord), asm.Add.Imm(asm.R1, 16),
			asm.StoreMem(asm.RFP, stackParts, asm.R1, asm.DWord),
			asm.LoadMem(asm.R7, asm.RFP, stackPart, asm.DWord),
			asm.LoadMem(asm.R2, asm.RFP, stackPart+8, asm.DWord),
		)
		n := partLater
		if i == 0 {
			n = pieces
			a.add(asm.LoadMem(asm.R1, asm.RFP, stackSkip, asm.DWord), asm.Add.Reg(asm.R7, asm.R1), asm.Sub.Reg(asm.R2, asm.R1))
		}
		a.add(asm.JLE.Reg(asm.R8, asm.R2, whole), asm.Mov.Reg(asm.R8, asm.R2))
		a.label(whole)
		a.add(
			asm.LoadMem(asm.R1, asm.RFP, stackLeft, asm.DWord), asm.Sub.Reg(asm.R1, asm.R8),
			asm.StoreMem(asm.RFP, stackLeft, asm.R1, asm.DWord),
		)
		a.part(n)
		a.add(asm.Add.Reg(asm.R9, asm.R8))
	}
	a.add(asm.Ja.Label("exit"))
}
