"""What the programs that cut PANDA's traces have in common: which pages a stretch of a trace needs, and a dump of them.

In:  pages of the guest's memory by number, addresses of its programs
Out: the pages that were used, as they were when they first were; an ELF core as QEMU's dump-guest-memory writes it
"""
import struct

PAGE = 4096


class Pages:
    """The guest's memory; kinds of it say what a page holds now (look) and where an address lies (physical)."""

    highest = 0xffffffffffffffff  # address of a program

    def __init__(self):
        self.wanted = None  # numbers of the pages that were used, with their content then

    def look(self, number):
        """The page's bytes, to be changed in place, or None where there is no RAM."""
        raise NotImplementedError

    def physical(self, cr3, addr):
        """Through the page tables at cr3; None where nothing is mapped."""
        raise NotImplementedError

    def page(self, number):
        """The same as look, of a page that is used."""
        page = self.look(number)
        if page is not None and self.wanted is not None and number not in self.wanted:
            self.wanted[number] = bytes(page)
        return page

    def access(self, cr3, addr, data, write):
        while data:
            size = min(len(data), PAGE - addr % PAGE)
            place = self.physical(cr3, addr)
            page = None if place is None else self.page(place // PAGE)
            if page is not None and write:
                page[place % PAGE:place % PAGE + size] = data[:size]
            addr, data = addr + size & self.highest, data[size:]


def runs(numbers):
    """[(first, count)] of adjacent numbers."""
    found = []
    for n in sorted(numbers):
        if found and sum(found[-1]) == n:
            found[-1][1] += 1
        else:
            found.append([n, 1])
    return found


def write_core(path, head, notes, pages):
    """head: the ELF header up to its entry point (32 bytes); pages: content by number. Says how many there are."""
    parts = runs(pages)
    at = 64 + 56 * (len(parts) + 1)
    headers = struct.pack('<IIQQQQQQ', 4, 0, at, 0, 0, len(notes), len(notes), 0)
    at += len(notes)
    for first, count in parts:
        size = count * PAGE
        headers += struct.pack('<IIQQQQQQ', 1, 0, at, 0, first * PAGE, size, size, 0)
        at += size
    with open(path, 'wb') as f:
        f.write(head + struct.pack('<QQIHHHHHH', 64, 0, 0, 64, 56, len(parts) + 1, 0, 0, 0))
        f.write(headers + notes)
        for first, count in parts:
            f.write(b''.join(pages[n] for n in range(first, first + count)))
    print(f'{len(pages)} pages in {len(parts)} runs')
