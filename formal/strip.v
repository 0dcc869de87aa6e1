// Strip between patch and prepend (hdl/stream/deliver/strip.rs, `cut_up`), spliced into the module.
//
//   go: data, body_last, cut ─▶ step ─▶ held ─▶ aligned ─▶ out
//
// A packet of `n` beats of which `skip` whole ones and `shift` bytes go, and of which `beats` are left, must give
// min(beats, n - skip) beats, one empty one where that is nothing, and none where it is dropped. One packet and in it one
// output byte (beat `spot`, byte `lane`), whichever the solver likes, are followed from the beat that holds the byte.

  // One bit stands for a byte: the block moves bytes and looks at none of their bits.
  wire [63:0] bytes_in, bytes_out;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_in[at] = data[8 * at + BIT];
    assign bytes_out[at] = out_beat_data[8 * at + BIT];
  end

  // Beats of the packet at the input that were taken, and its cut, which stays while it is there.
  reg in_packet = 0;
  reg [10:0] number = 0;
  wire [19:0] cut = {cut_beats, cut_shift, cut_skip, cut_drop};
  reg [19:0] cut_before;
  wire starts = go & ~in_packet & ~cut_drop;

  // Packets that have begun and whose last beat has not come out; beats that came out of the first of them.
  reg [2:0] pending = 0;
  reg [10:0] sent = 0;
  wire ends = out_valid & out_beat_last;
  reg [2:0] quiet = 0;
  reg [2:0] drops = 0;

  // The packet that is followed.
  (* anyconst *) wire [10:0] spot;
  (* anyconst *) wire [5:0] lane;
  (* anyseq *) wire follow;
  reg followed = 0, here = 0;
  reg [2:0] ahead = 0;
  reg [1:0] skip;
  reg [5:0] shift;
  reg [10:0] beats;
  reg [10:0] taken_beats;
  reg closed;
  reg value;
  wire chosen = starts & follow & ~followed;
  wire [1:0] skip_now = chosen ? cut_skip : skip;
  wire [6:0] far = lane + (chosen ? cut_shift : shift);
  wire [5:0] source = far[5:0];
  wire [11:0] source_beat = spot + skip_now + far[6];
  wire of_followed = chosen | (followed & here);
  wire byte_now = bytes_in[source];
  wire there = followed & taken_beats > source_beat;

`ifdef INVARIANTS
  // What each stage holds, of every packet: the number of its beat and of the output beat that it gives; and whether it is
  // of the packet that is followed. Frames that end further on stand in front of it.
  reg [10:0] step_index, held_index, step_beat, held_beat;
  reg step_here = 0, held_here = 0;
  wire [10:0] index_now = number > cut_skip & cut_beats != 0 ? number - cut_skip : 0;
  wire held_gives = waiting & held_emit;
  wire step_gives = stepped & step_emit;
  wire [10:0] after_out = ~out_valid ? sent : out_beat_last ? 0 : sent + 1;
  wire [10:0] after_held = ~held_gives ? after_out : held_last ? 0 : held_index + 1;
  wire [10:0] after_step = ~step_gives ? after_held : step_last ? 0 : step_index + 1;
  wire [2:0] before_held = ends;
  wire [2:0] before_step = before_held + (held_gives & held_last);
  wire [2:0] before_input = before_step + (step_gives & step_last);
  wire [1:0] skip_before = cut_before[2:1];
  wire [10:0] beats_before = cut_before[19:9];
  wire [10:0] given = number > skip_before & beats_before != 0 ? number - skip_before : 0;
  wire unfinished = in_packet & ~cut_before[0] & ~place_ended;
  wire step_mine = followed & stepped & step_here;
  wire held_mine = followed & waiting & held_here;
  wire [63:0] bytes_step, bytes_held;
  wire [78:0] bytes_coarse;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_step[at] = step_data[8 * at + BIT];
    assign bytes_held[at] = held_data[8 * at + BIT];
  end
  for (at = 0; at < 79; at = at + 1)
    assign bytes_coarse[at] = coarse[8 * at + BIT];
  wire [6:0] coarse_lane = lane + by_1;
  always @(posedge clock) begin
    step_index <= index_now;
    step_beat <= number;
    step_here <= go & of_followed;
    if (stepped) begin
      held_index <= step_index;
      held_beat <= step_beat;
    end
    if (stepped | chosen) held_here <= step_here & ~chosen;
  end
`endif

  wire first_ahead = followed & ahead == 0;
  wire is_last = beats <= sent + 1 | (closed & taken_beats <= skip + sent + 1);
  wire is_empty = beats == 0 | (closed & taken_beats <= skip);
  wire plain = there & value;

  always @(posedge clock) begin
    if (go) begin
      in_packet <= ~body_last;
      number <= body_last ? 0 : number + 1;
      cut_before <= cut;
    end
    pending <= pending + starts - ends;
    drops <= drops + (go & body_last & cut_drop) - out_dropped;
    quiet <= go ? 0 : quiet == 7 ? 7 : quiet + 1;
    if (out_valid) sent <= out_beat_last ? 0 : sent + 1;

    if (chosen) begin
      followed <= 1;
      ahead <= pending - ends;
      skip <= cut_skip;
      shift <= cut_shift;
      beats <= cut_beats;
      closed <= body_last;
      here <= ~body_last;
      taken_beats <= 1;
    end else if (followed) begin
      if (ends) begin
        ahead <= ahead - 1;
        if (ahead == 0) followed <= 0;
      end
      if (go & here) begin
        closed <= body_last;
        here <= ~body_last;
        taken_beats <= taken_beats + 1;
      end
    end
    if (go & of_followed & number == source_beat) value <= byte_now;
  end

  // In front: a packet's cut stays until its last beat went. 64 KiB and the beat of a shim are the most.
  always @(*) begin
    assume (~reset);
    assume (~in_packet | cut == cut_before);
    assume (number < 1026);
  end

  always @(*) begin
    none_from_nothing: assert (~out_valid | pending != 0);
    none_is_lost: assert (quiet < 3 | in_packet | pending == 0);
    ends_where_it_should: assert (~out_valid | ~first_ahead | out_beat_last == is_last);
    empty_if_nothing_is_left: assert (~out_valid | ~first_ahead | out_beat_empty == is_empty);
    bytes_in_order: assert (~out_valid | ~first_ahead | out_beat_empty | sent != spot | bytes_out[lane] == plain);
    each_drop_once: assert (out_dropped == (drops != 0) & drops < 2);

`ifdef INVARIANTS
    inv_place: assert (place_within == in_packet & in_packet == (number != 0));
    inv_fields: assert (~in_packet | (place_skip == (skip_before > number ? skip_before - number : 0) &
      place_beats == (beats_before > given ? beats_before - given : 0) &
      (cut_before[0] ? ~place_ended : place_ended == (given != 0 & given >= beats_before))));
    inv_pending: assert (pending == unfinished + before_input);
    inv_index: assert ((~held_gives | held_index == after_out) & (~step_gives | step_index == after_held) &
      (unfinished ? given == after_step : after_step == 0));
    inv_chain: assert ((~stepped | (step_body_last ? ~in_packet : in_packet & step_beat == number - 1)) &
      (~waiting | held_body_last | (stepped ? step_beat == held_beat + 1 : in_packet & held_beat == number - 1)));
    inv_ends: assert ((~stepped | ~step_emit | ~step_body_last | step_last) & (~held_gives | ~held_body_last | held_last));
    inv_bounds: assert (sent <= 1026 & (~out_valid | sent <= 1025) & (~stepped | step_beat <= 1025) & (~waiting | held_beat <= 1025) &
      (~step_gives | step_index <= step_beat) & (~held_gives | held_index <= held_beat));
    inv_quiet: assert ((quiet == 0 | ~stepped) & (quiet < 2 | ~waiting | ~held_body_last) & (quiet < 3 | ~out_valid));

    inv_here: assert (~followed | (ahead < pending & closed != here &
      (~here | (in_packet & taken_beats == number & taken_beats != 0 & cut_before == {beats, shift, skip, 1'b0}))));
    inv_mine: assert (~followed | ((~unfinished | here == (ahead == before_input)) &
      (~step_gives | step_here == (ahead == before_step)) & (~held_gives | held_here == (ahead == before_held))));
    inv_stages: assert ((~step_mine | taken_beats == step_beat + 1) &
      (~held_mine | (held_body_last ? ~step_mine & taken_beats == held_beat + 1 & closed :
        step_mine == stepped & (stepped | (here & taken_beats == held_beat + 1)))));
    inv_step: assert (~step_mine | (step_shift == shift & closed == step_body_last &
      (~step_emit | (step_last == (step_body_last | beats <= step_index + 1) & step_empty == (beats == 0 | step_beat < skip) &
        (step_empty ? step_body_last & step_index == 0 : step_beat == skip + step_index)))));
    inv_holds: assert (~held_mine | (held_shift == shift &
      (~held_emit | (held_last == (held_body_last | beats <= held_index + 1) & held_empty == (beats == 0 | held_beat < skip) &
        (held_empty ? held_body_last & held_index == 0 : held_beat == skip + held_index)))));
    inv_coarse: assert (~out_valid | ~first_ahead | out_beat_empty | sent != spot | bytes_coarse[coarse_lane] == plain);
    inv_bytes: assert ((~step_mine | step_beat != source_beat | bytes_step[source] == value) &
      (~held_mine | held_beat != source_beat | bytes_held[source] == value));
`endif
  end
